// Package limit bounds what one user, or one address, may take of shared resources.
//
// [RateLimiter] limits how often a client may do something, with token buckets for users and for
// addresses. [Memory] admits uses of memory to a budget before the memory is allocated, with quotas
// for users and addresses: [Memory.Reserve] refuses at once, [Memory.Acquire] waits. [Executions]
// applies it to the rendering of events. [Reporter] logs which limits are reached.
//
// The caller names the user. The address comes from the context: see [NewContext].
package limit
