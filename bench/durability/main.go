// Command durability measures the cost of PARLEY_SQLITE_SYNCHRONOUS: messages and reactions per second
// with 1 and with 16 writers, at full and at normal. The modes alternate in short rounds, so that
// other load on the machine affects both. The command prints a table of medians.
//
//	go run ./bench/durability [-rounds 7] [-round 1s] [-dir FOLDER]
//
// The folder must be on the disk to measure: a file system in memory syncs nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/message"
	"parley/internal/broker"
	"parley/internal/chat"
	"parley/internal/chat/profiles"
	"parley/internal/chat/roomlog"
	"parley/internal/panics"
	"parley/internal/store"
)

func main() {
	rounds := flag.Int("rounds", 7, "number of rounds of each mode")
	round := flag.Duration("round", time.Second, "duration of a round")
	dir := flag.String("dir", "", "folder for the databases (default: a temporary one)")
	flag.Parse()
	ctx := context.Background() //nolint:forbidigo // main's own
	if err := run(ctx, *rounds, *round, *dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// mode is a database with one value of synchronous, and the results of its rounds.
type mode struct {
	synchronous store.Synchronous
	chat        *chat.Chat
	db          *store.DB
	room        uuid.UUID
	messages    []roomlog.MessageID
	rates       map[kind][]float64
	// sent and commits count the messages and their transactions.
	sent, commits map[kind]int64
}

// kind is an operation and its number of concurrent writers.
type kind struct {
	what    string
	writers int
}

func run(ctx context.Context, rounds int, round time.Duration, dir string) (err error) {
	if dir, err = os.MkdirTemp(dir, "durability-"); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var modes []*mode
	for _, synchronous := range []store.Synchronous{store.SynchronousFull, store.SynchronousNormal} {
		m, err := open(ctx, filepath.Join(dir, string(synchronous)+".db"), synchronous)
		if err != nil {
			return err
		}
		defer m.db.Close()
		modes = append(modes, m)
	}
	kinds := []kind{{"message", 1}, {"message", 16}, {"reaction", 1}, {"reaction", 16}}
	for i := range rounds {
		for _, k := range kinds {
			if i%2 == 1 {
				slices.Reverse(modes)
			}
			for _, m := range modes {
				if err := m.run(ctx, k, round); err != nil {
					return fmt.Errorf("%s, %d × %s: %w", m.synchronous, k.writers, k.what, err)
				}
			}
			if i%2 == 1 {
				slices.Reverse(modes)
			}
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "written\twriters\tfull/s\tnormal/s\tratio\tmessages/commit, full\tnormal\t")
	for _, k := range kinds {
		full, normal := median(modes[0].rates[k]), median(modes[1].rates[k])
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f\t%.2f\t%s\t%s\t\n", k.what, k.writers, full, normal,
			normal/full, modes[0].grouped(k), modes[1].grouped(k))
	}
	return w.Flush()
}

func open(ctx context.Context, path string, synchronous store.Synchronous) (*mode, error) {
	discard := slog.New(slog.DiscardHandler)
	options := store.Options{Logger: discard, Synchronous: synchronous}
	db, err := store.Open(ctx, "sqlite:"+path, options)
	if err != nil {
		return nil, err
	}
	m := &mode{
		synchronous: synchronous, db: db, rates: map[kind][]float64{},
		sent: map[kind]int64{}, commits: map[kind]int64{},
	}
	client := ent.NewClient(ent.Driver(db.Driver()))
	if m.chat, err = chat.New(
		client,
		profiles.NewUsers(db.Dialect(), nil),
		&broker.Memory{},
		chat.Options{
			Dialect: db.Dialect(), Searches: 1, Panics: panics.NewGuard(discard),
		},
	); err != nil {
		return nil, err
	}
	var users []string
	for i := range 16 {
		users = append(users, writer(i).ID)
		if err := m.chat.EnsureUser(ctx, users[i], users[i], ""); err != nil {
			return nil, err
		}
	}
	room, err := m.chat.CreateRoom(ctx, writer(0), chat.CreateRoomInput{MemberIds: users[1:]})
	if err != nil {
		return nil, err
	}
	m.room = room.ID
	for range 16 {
		sent, err := m.send(ctx, writer(0))
		if err != nil {
			return nil, err
		}
		m.messages = append(m.messages, roomlog.MessageID{Room: m.room, Seq: sent.Seq})
	}
	return m, nil
}

func writer(i int) chat.Viewer { return chat.Viewer{ID: fmt.Sprintf("writer-%d", i)} }

func (m *mode) send(ctx context.Context, v chat.Viewer) (chat.Sent, error) {
	return m.chat.SendMessage(ctx, v, chat.SendMessageInput{
		RoomID: m.room, Type: message.TypeTEXT, Contents: "Nothing is lost that was acknowledged.",
	})
}

// run writes for one round.
func (m *mode) run(ctx context.Context, k kind, round time.Duration) error {
	before := m.chat.Stats().Sends
	begun := time.Now()
	var done atomic.Int64
	var writing sync.WaitGroup
	failed := make(chan error, k.writers)
	for i := range k.writers {
		writing.Go(func() {
			for n := 0; time.Since(begun) < round; n++ {
				var err error
				if k.what == "message" {
					_, err = m.send(ctx, writer(i))
				} else {
					_, err = m.chat.React(ctx, writer(i), m.messages[i], "👍", n%2 == 0)
				}
				if err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	writing.Wait()
	took := time.Since(begun)
	close(failed)
	for err := range failed {
		return err
	}
	after := m.chat.Stats().Sends
	m.rates[k] = append(m.rates[k], float64(done.Load())/took.Seconds())
	m.sent[k] += after.Writes - before.Writes
	m.commits[k] += after.Batches - before.Batches
	return nil
}

// grouped returns the average number of messages in a commit.
func (m *mode) grouped(k kind) string {
	if m.commits[k] == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", float64(m.sent[k])/float64(m.commits[k]))
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
