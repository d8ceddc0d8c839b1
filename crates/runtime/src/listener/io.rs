//! A connection that watches its client: a header must be whole within seconds, an idle connection may wait
//! longer, and a client that does not read its answer is cut off. One timer per connection, moved only when it
//! fires or a header comes in pieces, so that a busy connection pays nothing for it.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Deadlines;
use super::framing::Framing;

/// How long the rest of an unread body is waited for.
const LINGER: Duration = Duration::from_secs(2);

/// What the requests of a connection tell its transport.
#[derive(Clone, Default)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Default)]
struct Shared {
    begun: AtomicU32,
    in_progress: AtomicU32,
    unread: AtomicBool,
    multiplexed: AtomicBool,
    upgraded: AtomicBool,
}

impl Activity {
    /// A header is whole; its request is in progress until the exchange is dropped.
    pub(super) fn begin(&self, version: Version) -> Exchange {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.in_progress.fetch_add(1, Ordering::Relaxed);
        if version == Version::HTTP_2 {
            self.0.multiplexed.store(true, Ordering::Relaxed);
        }
        Exchange(Arc::clone(&self.0))
    }

    /// Whether the last request's body has more to come than hyper takes in when nobody reads it.
    pub(super) fn unread(&self) -> bool {
        self.0.unread.load(Ordering::Relaxed)
    }

    /// See [`Activity::unread`].
    pub(super) fn set_unread(&self, unread: bool) {
        self.0.unread.store(unread, Ordering::Relaxed);
    }

    /// What comes from here on is of another protocol.
    pub(super) fn leave_http(&self) {
        self.0.upgraded.store(true, Ordering::Relaxed);
    }
}

/// One request in progress.
pub(super) struct Exchange(Arc<Shared>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The transport of one connection.
pub(super) struct Guarded<T> {
    inner: T,
    activity: Activity,
    deadlines: Deadlines,
    framing: Framing,
    seen: u32,
    header_since: Option<Instant>,
    idle_since: Instant,
    read_timer: Option<Pin<Box<Sleep>>>,
    write_timer: Option<Pin<Box<Sleep>>>,
    linger_timer: Option<Pin<Box<Sleep>>>,
}

impl<T> Guarded<T> {
    pub(super) fn new(inner: T, activity: Activity, deadlines: Deadlines) -> Self {
        let now = Instant::now();
        Self {
            inner,
            activity,
            deadlines,
            framing: Framing::default(),
            seen: 0,
            header_since: Some(now),
            idle_since: now,
            read_timer: None,
            write_timer: None,
            linger_timer: None,
        }
    }

    /// Takes notice of requests that began since the last look.
    fn look(&mut self) {
        let begun = self.activity.0.begun.load(Ordering::Relaxed);
        if begun != self.seen {
            self.seen = begun;
            self.header_since = None;
        }
    }

    fn busy(&self) -> bool {
        self.activity.0.in_progress.load(Ordering::Relaxed) > 0
    }

    fn bytes_came(&mut self) {
        if self.activity.0.upgraded.load(Ordering::Relaxed) {
            self.header_since = None;
            self.idle_since = Instant::now();
            return;
        }
        let within_requests = self.busy() || self.activity.0.multiplexed.load(Ordering::Relaxed);
        if within_requests {
            self.idle_since = Instant::now();
        } else if self.header_since.is_none() {
            self.header_since = Some(Instant::now());
        }
    }

    /// Whether the client has been silent for too long; arms the timer for the next look.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.busy() {
                self.idle_since = Instant::now();
            }
            let until = match self.header_since {
                Some(since) => since + self.deadlines.header,
                None => self.idle_since + self.deadlines.idle,
            };
            let timer = self
                .read_timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            if timer.deadline() > until {
                timer.as_mut().reset(until);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if until <= Instant::now() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
    }

    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stalled = self.deadlines.stalled_write;
        let timer = self
            .write_timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(stalled)));
        timer.as_mut().poll(cx).map(|()| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client does not read",
            ))
        })
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.look();
        if let Some(end) = self.framing.end_of_spoiled() {
            let room = end.len().min(buffer.remaining());
            buffer.put_slice(end.get(..room).unwrap_or_default());
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.inner).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                if let Some(came @ [_, ..]) = buffer.filled_mut().get_mut(before..) {
                    self.bytes_came();
                    if !self.activity.0.upgraded.load(Ordering::Relaxed) {
                        self.framing.watch(came);
                    }
                }
                Poll::Ready(read)
            }
            Poll::Pending => self.poll_overdue(cx).map(|()| {
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client sends nothing",
                ))
            }),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write(cx, bytes) {
            Poll::Pending => self.poll_stalled(cx),
            written @ Poll::Ready(_) => {
                self.write_timer = None;
                written
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write_vectored(cx, slices) {
            Poll::Pending => self.poll_stalled(cx),
            written @ Poll::Ready(_) => {
                self.write_timer = None;
                written
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
        self.poll_linger(cx).map(Ok)
    }
}

impl<T: AsyncRead + Unpin> Guarded<T> {
    /// Takes in, for a while, the rest of a body nobody reads: to close before would reset the connection, and the
    /// client might lose the answer that tells why (RFC 9112 §9.6).
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 4096];
        while self.framing.within_body() {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.inner).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.framing.watch(buffer.filled_mut());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let timer = self
                        .linger_timer
                        .get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
                    return timer.as_mut().poll(cx);
                }
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SHORT: Deadlines = Deadlines {
        header: Duration::from_millis(50),
        idle: Duration::from_millis(300),
        body_idle: Duration::ZERO,
        body: Duration::ZERO,
        stalled_write: Duration::from_millis(50),
    };

    #[tokio::test]
    async fn a_header_in_pieces_is_cut_after_its_deadline() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut guarded = Guarded::new(server, Activity::default(), SHORT);
        client.write_all(b"GET /").await.unwrap();
        let started = Instant::now();
        let error = guarded.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < SHORT.idle);
    }

    #[tokio::test]
    async fn an_idle_connection_may_wait_longer_and_a_busy_one_for_ever() {
        let (mut client, server) = tokio::io::duplex(64);
        let activity = Activity::default();
        let mut guarded = Guarded::new(server, activity.clone(), SHORT);
        client.write_all(b"x").await.unwrap();
        let mut buffer = [0; 8];
        guarded.read_exact(&mut buffer[..1]).await.unwrap();
        let exchange = activity.begin(Version::HTTP_11);
        let waiting = tokio::time::timeout(SHORT.idle * 2, guarded.read(&mut buffer)).await;
        assert!(
            waiting.is_err(),
            "a request in progress keeps its connection"
        );
        drop(exchange);
        let started = Instant::now();
        assert!(guarded.read(&mut buffer).await.is_err());
        assert!(started.elapsed() > SHORT.header);
    }

    #[tokio::test]
    async fn what_has_left_http_may_be_silent_as_long_as_an_idle_connection() {
        let (mut client, server) = tokio::io::duplex(64);
        let activity = Activity::default();
        let mut guarded = Guarded::new(server, activity.clone(), SHORT);
        let mut buffer = [0; 8];
        client.write_all(b"x").await.unwrap();
        guarded.read_exact(&mut buffer[..1]).await.unwrap();
        drop(activity.begin(Version::HTTP_11));
        activity.leave_http();
        client.write_all(b"frame").await.unwrap();
        guarded.read_exact(&mut buffer[..5]).await.unwrap();
        let within = tokio::time::timeout(SHORT.header * 3, guarded.read(&mut buffer)).await;
        assert!(within.is_err(), "a frame is no header that must go on");
        assert!(guarded.read(&mut buffer).await.is_err());
    }

    #[tokio::test]
    async fn rest_of_an_unread_body_is_taken_in_before_the_end() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut guarded = Guarded::new(server, Activity::default(), SHORT);
        let head = b"POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n";
        client.write_all(head).await.unwrap();
        let mut buffer = [0; 64];
        guarded.read_exact(&mut buffer[..head.len()]).await.unwrap();
        let closing = tokio::spawn(async move { guarded.shutdown().await.unwrap() });
        client.write_all(&[b'x'; 9000]).await.unwrap();
        closing.await.unwrap();
        assert!(client.write_all(b"y").await.is_err(), "nobody reads on");
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_cut_off() {
        let (_client, server) = tokio::io::duplex(8);
        let mut guarded = Guarded::new(server, Activity::default(), SHORT);
        let error = guarded.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
