//! Carrying bytes between a stream and a pair of pipes, as a ProxyCommand does.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes carried at once.
const CHUNK: usize = 32 << 10;

/// Carries `input` to `stream` and `stream` to `output` until the far end is done.
///
/// The end of `input` is passed on as a half-close and doesn't end the transfer; the end of `stream` does, even while
/// `input` stays open: ssh waits for us to go.
///
/// # Errors
/// What went wrong on the stream or on `output`.
pub async fn pump<S, I, O>(stream: S, mut input: I, mut output: O) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    I: AsyncRead + Unpin,
    O: AsyncWrite + Unpin,
{
    let (mut from_far, mut to_far) = tokio::io::split(stream);
    let up = async {
        let result = carry(&mut input, &mut to_far).await;
        // A far end that stopped reading has more to say, or ends by itself: reading decides.
        let _ = to_far.shutdown().await;
        if let Err(error) = result {
            tracing::debug!(%error, "sending ended");
        }
        std::future::pending::<()>().await;
    };
    let down = carry(&mut from_far, &mut output);
    tokio::select! {
        result = down => result,
        () = up => Ok(()),
    }
}

async fn carry<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(from: &mut R, to: &mut W) -> io::Result<()> {
    let mut buffer = vec![0_u8; CHUNK];
    loop {
        let count = from.read(&mut buffer).await?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        to.write_all(bytes).await?;
        to.flush().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test]
    async fn the_end_of_input_is_a_half_close_and_the_answer_still_arrives() {
        let (near, mut far) = duplex(1024);
        let server = tokio::spawn(async move {
            let mut said = Vec::new();
            far.read_to_end(&mut said).await.unwrap();
            far.write_all(b"answer to ").await.unwrap();
            far.write_all(&said).await.unwrap();
        });
        let mut output = Vec::new();
        pump(near, &b"question"[..], &mut output).await.unwrap();
        server.await.unwrap();
        assert_eq!(output, b"answer to question");
    }

    #[tokio::test]
    async fn the_end_of_the_far_side_ends_it_while_input_stays_open() {
        let (near, mut far) = duplex(1024);
        let (open, _kept) = duplex(16);
        tokio::spawn(async move { far.write_all(b"bye").await });
        let mut output = Vec::new();
        pump(near, open, &mut output).await.unwrap();
        assert_eq!(output, b"bye");
    }
}
