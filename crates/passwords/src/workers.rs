//! Threads behind all others: where every core is busy, requests go on and hashes take longer. They get a tenth of a core
//! at least, so that nobody waits for ever.

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Steps of niceness above the process's own, each about a quarter less of a busy core (`sched(7)`).
#[cfg(target_os = "linux")]
const NICER: i32 = 10;
const NAME: &str = "passwords";

/// A bounded number of such threads. They end when idle and are made again.
pub(crate) struct Workers {
    handle: Handle,
    /// Taken when it ends.
    runtime: Option<Runtime>,
}

impl Workers {
    /// At most `most` threads.
    pub(crate) fn start(most: usize) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(most)
            .thread_name(NAME)
            .on_thread_start(step_back)
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Runs `work` on one of them.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn_blocking(work)
    }
}

/// A runtime that is dropped where others run waits for its threads, which tokio refuses.
impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(target_os = "linux")]
fn step_back() {
    use rustix::process::{getpriority_process, setpriority_process};

    // Of the calling thread alone, on Linux (setpriority(2), "C library/kernel differences").
    let set = getpriority_process(None).and_then(|now| setpriority_process(None, now + NICER));
    if let Err(error) = set {
        tracing::warn!(%error, "passwords are hashed at the priority of other work");
    }
}

/// Elsewhere the priority is the whole process's.
#[cfg(not(target_os = "linux"))]
fn step_back() {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn hashing_gives_way_to_everything_else() {
        let workers = Workers::start(2).unwrap();
        let own = getpriority_process(None).unwrap();
        let there = workers.spawn(|| getpriority_process(None).unwrap());
        assert_eq!(there.await.unwrap(), (own + NICER).min(19));
        assert_eq!(getpriority_process(None).unwrap(), own, "theirs alone");
    }
}
