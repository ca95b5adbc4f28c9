package limit

import "context"

const (
	// quotaParts is which part of a pool's memory one user or topic may have: one in so many.
	quotaParts = 4
	// concurrent is how many executions of one user or topic run at a time, and concurrentAll how
	// many of a pool.
	concurrent    = 4
	concurrentAll = 64
)

// Executions bound the memory and the concurrency of executions for events, in two pools of equal
// size: one for executions whose result goes to a single user, with a quota for each user, and one
// for executions that several users share, with a quota for each topic. So a user who subscribes
// with many expensive documents delays neither other users nor what they share. Nil is no bound.
//
// It is safe for concurrent use.
type Executions struct{ single, shared pool }

// pool bounds the executions of one kind.
type pool struct{ memory, slots *Memory }

func newPool(bytes int64) pool {
	bytes = max(bytes, 1)
	return pool{
		memory: NewMemory(MemoryOptions{Bytes: bytes, User: max(bytes/quotaParts, 1)}),
		slots:  NewMemory(MemoryOptions{Bytes: concurrentAll, User: concurrent}),
	}
}

// NewExecutions returns bounds with so many bytes of memory in all.
func NewExecutions(bytes int64) *Executions {
	return &Executions{single: newPool(bytes / 2), shared: newPool(bytes / 2)}
}

// Quota returns how many bytes one user or topic may have: an execution that can be divided should
// not ask for more, because it would wait for all others that do.
func (e *Executions) Quota() int64 {
	if e == nil {
		return 0
	}
	return e.single.memory.options.User
}

// Execution is an execution's part of both bounds.
type Execution struct{ slot, memory Reservation }

// Acquire waits until an execution may run and has so many bytes of memory: for one user, or for
// the subscribers of a topic if user is "". It returns ctx's error if ctx ends first. The caller
// releases the execution.
func (e *Executions) Acquire(
	ctx context.Context, user, topic string, bytes int64,
) (execution Execution, err error) {
	if e == nil {
		return Execution{}, nil
	}
	of, key := e.single, user
	if user == "" {
		of, key = e.shared, topic
	}
	if execution.slot, err = of.slots.Acquire(ctx, Owner{User: key}, 1); err != nil {
		return Execution{}, err
	}
	if execution.memory, err = of.memory.Acquire(ctx, Owner{User: key}, bytes); err != nil {
		execution.slot.Release()
		return Execution{}, err
	}
	return execution, nil
}

// Release ends an execution. It is called once.
func (e Execution) Release() {
	e.memory.Release()
	e.slot.Release()
}

// Stats returns the memory's counts, and as Waiting also what waits to run.
func (e *Executions) Stats() (sum MemoryStats) {
	if e == nil {
		return sum
	}
	for _, of := range []pool{e.single, e.shared} {
		memory, slots := of.memory.Stats(), of.slots.Stats()
		sum.Limit += memory.Limit
		sum.Reserved += memory.Reserved
		sum.Waiting += memory.Waiting + slots.Waiting
		sum.Refused += memory.Refused
	}
	return sum
}
