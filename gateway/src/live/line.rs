//! The transport of one WebSocket, which can be cut from this side at any moment: a client that does not read would
//! hold its connection for as long as it likes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

type Cut = Pin<Box<WaitForCancellationFutureOwned>>;

/// A transport and what cuts it. Reading and writing wait each by themselves.
pub(super) struct Line<T> {
    inner: T,
    reading: Cut,
    writing: Cut,
}

impl<T> Line<T> {
    pub(super) fn new(inner: T, cut: &CancellationToken) -> Self {
        let wait = || Box::pin(cut.clone().cancelled_owned());
        Self {
            inner,
            reading: wait(),
            writing: wait(),
        }
    }
}

fn was_cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut from this side")
}

impl<T: AsyncRead + Unpin> AsyncRead for Line<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reading.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(was_cut()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Line<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.writing.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(was_cut()));
        }
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writing.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(was_cut()));
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writing.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(was_cut()));
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_cut_line_ends_for_who_reads_and_for_who_is_stuck_writing() {
        let (_client, server) = tokio::io::duplex(8);
        let cut = CancellationToken::new();
        let (mut reading, mut writing) = tokio::io::split(Line::new(server, &cut));
        let reads = tokio::spawn(async move { reading.read_u8().await.unwrap_err().kind() });
        let writes =
            tokio::spawn(async move { writing.write_all(&[0; 64]).await.unwrap_err().kind() });
        tokio::task::yield_now().await;
        cut.cancel();
        assert_eq!(reads.await.unwrap(), io::ErrorKind::ConnectionAborted);
        assert_eq!(writes.await.unwrap(), io::ErrorKind::ConnectionAborted);
    }
}
