package graph

import (
	"context"
	"fmt"

	"parley/graph/exec"
	"parley/internal/chat/read"
)

// argumentChecks returns what checks the arguments of the fields below subscriptions, by the names
// of type and field. The checks need no object: what they refuse can never work.
func argumentChecks() map[string]func(exec.Args) error {
	return map[string]func(exec.Args) error{
		"Room.members": func(args exec.Args) error {
			_, err := membersByAge.position(argument[string](args, "after"))
			return checkPage(args, err)
		},
		"Room.bans": func(args exec.Args) error {
			_, err := bansByAge.rowPosition(argument[string](args, "after"))
			return checkPage(args, err)
		},
		"Room.messages":   checkMessages,
		"Message.replies": checkMessages,
		"StreamOpened.messages": func(args exec.Args) error {
			last, ok := args["last"].(int)
			if !ok {
				return fmt.Errorf("last is a %T", args["last"])
			}
			return checkLast(last)
		},
	}
}

// argument returns the value of an argument; nil if it is null or not given.
func argument[T any](args exec.Args, name string) *T {
	value, _ := args[name].(*T)
	return value
}

// checkPage checks how long a page is to be, unless the cursor has failed.
func checkPage(args exec.Args, cursor error) error {
	if first := argument[int](args, "first"); cursor == nil && first != nil {
		return read.CheckFirst(*first)
	}
	return cursor
}

// checkMessages checks the arguments of a list of messages. Which list its cursors are of depends
// on the object.
func checkMessages(args exec.Args) error {
	for _, field := range []string{"after", "before"} {
		if cursor := argument[string](args, field); cursor != nil {
			if _, _, err := messagesBySeq.decode(field, *cursor); err != nil {
				return err
			}
		}
	}
	window, err := messageArgs{
		first: argument[int](args, "first"), last: argument[int](args, "last"),
		afterSeq: argument[int](args, "afterSeq"), beforeSeq: argument[int](args, "beforeSeq"),
	}.window(read.List{})
	if err != nil {
		return err
	}
	return window.Check()
}

// checkLast checks with how many messages a stream is to open.
func checkLast(last int) error {
	if last < 1 || last > maxOpenedMessages {
		return badInput("last", fmt.Sprintf(
			"last is %d; a stream opens with 1 to %d messages.", last, maxOpenedMessages,
		))
	}
	return nil
}

// checkArguments checks the arguments of all fields that a subscription selects of its events:
// BAD_USER_INPUT refuses what could only fail with each event.
func (s subscription) checkArguments(ctx context.Context) error {
	checks, request := argumentChecks(), s.r.executable.request(s.op)
	return s.plan.Arguments(ctx, request, func(object, field string, args exec.Args) error {
		if check := checks[object+"."+field]; check != nil {
			return check(args)
		}
		return nil
	})
}
