//! Where pictures are drawn: on the blocking pool, few at a time, behind a queue with an end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use httpkit::Problem;
use image::ImageFormat;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::model;

/// Pictures drawn at once: each may take a hundred megabytes.
const TURNS: usize = 2;
/// How many may wait, each with its file in memory.
const QUEUE: usize = 16;
/// How long work waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// When a client that found no turn may come again.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Draws pictures; a process needs one.
pub(crate) struct Studio {
    turns: Arc<Semaphore>,
    /// Places of those who work or wait.
    places: Semaphore,
}

impl Default for Studio {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(TURNS)),
            places: Semaphore::new(TURNS + QUEUE),
        }
    }
}

impl Studio {
    /// The picture as it is to be kept.
    pub(super) async fn redraw(
        &self,
        file: Bytes,
        format: ImageFormat,
    ) -> Result<Vec<u8>, Problem> {
        let busy = || Problem::unavailable("busy", RETRY_AFTER_SECONDS);
        let Ok(_place) = self.places.try_acquire() else {
            return Err(busy());
        };
        let turn = timeout(MAX_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(busy());
        };
        // The permit goes along: a client that hangs up does not let the next one in early.
        let drawn = spawn_blocking(move || {
            let _turn = turn;
            model::redraw(&file, format)
        });
        Ok(drawn.await.map_err(Problem::internal)??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_queue_has_an_end_and_so_has_waiting() {
        let studio = Arc::new(Studio::default());
        studio.turns.forget_permits(TURNS);
        let refused = |studio: Arc<Studio>| async move {
            let answer = studio.redraw(Bytes::new(), ImageFormat::Png).await;
            answer.unwrap_err().code()
        };
        let waiting: Vec<_> = (0..TURNS + QUEUE)
            .map(|_| tokio::spawn(refused(Arc::clone(&studio))))
            .collect();
        while studio.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let started = tokio::time::Instant::now();
        assert_eq!(refused(Arc::clone(&studio)).await, "busy");
        assert_eq!(started.elapsed(), Duration::ZERO, "refused at once");
        for task in waiting {
            assert_eq!(task.await.unwrap(), "busy");
        }
        assert_eq!(started.elapsed(), MAX_WAIT);
    }
}
