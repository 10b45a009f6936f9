using System.IO.Pipelines;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Transfers;

/// <summary>An object as one stream that outlives lost connections: for copying from one store to another without a disk between.</summary>
internal sealed class RangedStream : Stream
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20, minimumSegmentSize: 1 << 16));
    private readonly CancellationTokenSource _stop = new();
    private readonly Stream _reader;
    private readonly Task _filling;

    public RangedStream(ITransport transport, DataEntry entry, PartReader parts, Retrier retrier, Idle idle)
    {
        _reader = _pipe.Reader.AsStream();
        _filling = FillAsync(transport, entry, parts, retrier, idle, _stop.Token);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _reader.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _reader.ReadAsync(buffer, offset, count, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reads are supported.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reader.DisposeAsync();
        await _filling;
        _stop.Dispose();
        await base.DisposeAsync();
    }

    private async Task FillAsync(ITransport transport, DataEntry entry, PartReader parts, Retrier retrier, Idle idle, CancellationToken ct)
    {
        Exception? fault = null;
        try
        {
            if (transport.Can.HasFlag(TransportCapabilities.ParallelRanges) && entry.Size > parts.PartSize && entry.Version is not null)
                await parts.ReadAsync(transport, entry, 0, hashed: null, async (block, c) => await _pipe.Writer.WriteAsync(block.Bytes, c), ct);
            else
                await StreamAsync(transport, entry, retrier, idle, ct);
        }
        catch (Exception e)
        {
            // The reader of the pipe gets it.
            fault = e;
        }

        await _pipe.Writer.CompleteAsync(fault);
    }

    private async Task StreamAsync(ITransport transport, DataEntry entry, Retrier retrier, Idle idle, CancellationToken ct)
    {
        long position = 0;
        await retrier.RunAsync(entry.Uri, async c =>
        {
            if (position > 0 && (entry.Version is null || !transport.Can.HasFlag(TransportCapabilities.Ranges)))
                throw new IntegrityException($"{Redacted.Of(entry.Uri)}: the connection broke and the server cannot continue; copy it again.");
            await using var body = await idle.GuardAsync(async g => await transport.OpenAsync(entry, position, null, g), c);
            using var reads = idle.Watch(c);
            for (int read; (read = await reads.ReadAsync(body, _pipe.Writer.GetMemory(1 << 16))) > 0; position += read)
            {
                _pipe.Writer.Advance(read);
                await _pipe.Writer.FlushAsync(c);
            }

            return position < entry.Size ? throw new TransientException($"it ended after {position} of {entry.Size} bytes.") : true;
        }, ct, () => position);
    }
}
