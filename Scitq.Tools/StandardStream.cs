using System.Runtime.InteropServices;

namespace Scitq.Tools;

/// <summary>The reader of our output has gone.</summary>
internal sealed class BrokenPipeException() : IOException("the reader of the output has gone");

/// <summary>
/// Standard output or error, unbuffered. The framework's own console stream hides that the reader has gone, so that
/// following a log into <c>head</c> would never end; a <see cref="FileStream"/> writes at offsets of its own, which
/// overwrites what others write to the same redirected file.
/// </summary>
internal sealed partial class StandardStream(int descriptor, bool mustArrive = true) : Stream
{
    private const int Interrupted = 4, TryAgain = 11, TryAgainOnMac = 35, BrokenPipe = 32;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            nint written;
            fixed (byte* bytes = buffer) written = WriteBytes(descriptor, bytes, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Interrupted) continue;
            if (error == BrokenPipe) throw new BrokenPipeException();
            if (error is not (TryAgain or TryAgainOnMac) && !mustArrive) return;
            if (error is not (TryAgain or TryAgainOnMac))
                throw new IOException($"cannot write to standard {(descriptor == 1 ? "output" : "error")}: {Marshal.GetPInvokeErrorMessage(error)}");
            var wait = new PollDescriptor { Descriptor = descriptor, Events = 4 };      // POLLOUT
            _ = Poll(&wait, 1, -1);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
        // Nothing is kept back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint WriteBytes(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
