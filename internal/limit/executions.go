package limit

import "context"

const (
	// quotaParts divides a pool's memory: one user or topic may have 1/quotaParts of it.
	quotaParts = 4
	// concurrent is the number of executions of one user or topic that may run at a time, and
	// concurrentAll the number of a pool.
	concurrent    = 4
	concurrentAll = 64
)

// Executions bounds the memory and the concurrency of the executions that render events. It has two
// pools of equal size: one for executions whose result goes to a single user, with a quota for each
// user, and one for executions that several users share, with a quota for each topic. So a user with
// many expensive subscriptions delays neither other users nor shared executions.
//
// A nil Executions is no bound. All methods are safe for concurrent use.
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

// NewExecutions returns bounds whose two pools share bytes of memory.
func NewExecutions(bytes int64) *Executions {
	return &Executions{single: newPool(bytes / 2), shared: newPool(bytes / 2)}
}

// Quota returns how many bytes one user or topic may have. An execution that can be divided should
// not acquire more: those that do run one at a time. Quota is 0 if there is no bound.
func (e *Executions) Quota() int64 {
	if e == nil {
		return 0
	}
	return e.single.memory.options.User
}

// Execution is an admitted execution. The zero value is one without a bound.
type Execution struct{ slot, memory Reservation }

// Acquire waits until an execution may run and bytes of memory are reserved for it. It counts for
// user, or for topic if user is "". It returns the error of ctx if ctx ends first. The caller must
// release the execution.
func (e *Executions) Acquire(
	ctx context.Context, user, topic string, bytes int64,
) (execution Execution, err error) {
	if e == nil {
		return Execution{}, nil
	}
	p, key := e.single, user
	if user == "" {
		p, key = e.shared, topic
	}
	if execution.slot, err = p.slots.Acquire(ctx, Owner{User: key}, 1); err != nil {
		return Execution{}, err
	}
	if execution.memory, err = p.memory.Acquire(ctx, Owner{User: key}, bytes); err != nil {
		execution.slot.Release()
		return Execution{}, err
	}
	return execution, nil
}

// Release ends an execution. The caller must call it once only.
func (e Execution) Release() {
	e.memory.Release()
	e.slot.Release()
}

// Stats returns the figures of both pools together. Waiting includes the callers that wait for a
// slot.
func (e *Executions) Stats() (sum MemoryStats) {
	if e == nil {
		return sum
	}
	for _, p := range []pool{e.single, e.shared} {
		memory, slots := p.memory.Stats(), p.slots.Stats()
		sum.Limit += memory.Limit
		sum.Reserved += memory.Reserved
		sum.Waiting += memory.Waiting + slots.Waiting
		sum.Refused += memory.Refused
	}
	return sum
}
