//! What threads run on: the one set of primitives that the executor uses.

use std::sync::atomic::Ordering;

/// What an access found in a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The value.
    pub value: u64,
    /// Which write it is from; 0 where writes are not told apart.
    pub stamp: u32,
}

/// A read-modify-write that was done.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// What it found: always the word's last write.
    pub old: Seen,
    /// What it left.
    pub new: Seen,
}

/// Shared memory, a word at a time.
pub trait Memory: Send + Sync + 'static {
    /// Words with these values.
    fn new(init: &[u64]) -> Self;
    /// Reads a word. It may find an older write, as far as the order allows.
    fn load(&self, word: usize, order: Ordering) -> Seen;
    /// Changes a word, in one action.
    fn rmw(&self, word: usize, order: Ordering, change: &mut dyn FnMut(u64) -> u64) -> Changed;
    /// The last write to a word. For the executor's own use: no thread of a program could know it.
    fn latest(&self, word: usize) -> Seen;
    /// All writes that were made, in the order of their stamps. Empty where writes are not told apart.
    fn writes(&self) -> Vec<Write>;
}

/// A write to a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// The value.
    pub value: u64,
    /// The stamp of the write before it to the same word; its own if it is the first.
    pub before: u32,
}

/// Threads and what they wait with.
pub trait Backend: Sized + 'static {
    /// Shared memory.
    type Memory: Memory;
    /// A thread that can be woken.
    type Thread: Send + Clone + 'static;
    /// A thread that was started.
    type Join;

    /// A full barrier.
    fn fence();
    /// The thread that calls.
    fn current() -> Self::Thread;
    /// Sleeps until woken, or less.
    fn park();
    /// Wakes.
    fn unpark(thread: &Self::Thread);
    /// Starts a thread.
    fn spawn(body: Box<dyn FnOnce() + Send>) -> Self::Join;
    /// Waits for its end.
    fn join(thread: Self::Join);
    /// All that can come after this point is explored in other executions as well: one way on is enough.
    fn prune() {}
    /// One of `n` ways to go, where nothing decides.
    fn choose(n: usize) -> usize;
}

/// The threads of a [`Backend`] whose module of threads has the names of `std::thread`.
#[macro_export]
macro_rules! backend_threads {
    ($($module:ident)::+) => {
        type Thread = $($module)::+::Thread;
        type Join = $($module)::+::JoinHandle<()>;

        fn current() -> Self::Thread {
            $($module)::+::current()
        }

        fn park() {
            $($module)::+::park();
        }

        fn unpark(thread: &Self::Thread) {
            thread.unpark();
        }

        fn spawn(body: Box<dyn FnOnce() + Send>) -> Self::Join {
            $($module)::+::spawn(body)
        }

        fn join(thread: Self::Join) {
            thread.join().expect("a program does not panic");
        }
    };
}
