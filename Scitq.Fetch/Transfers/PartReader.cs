using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// Reads an object by several ranges at a time and hands them on in order: the file grows from its start, so it can be continued by its
/// length alone, and is hashed as it comes. Memory is bounded by the shared places, however many objects are on their way.
/// </summary>
internal sealed class PartReader(Services services)
{
    public int PartSize => services.Options.PartSize;

    public async Task ReadAsync(ITransport transport, DataEntry entry, long offset, Func<ReadOnlyMemory<byte>, CancellationToken, Task> sink, CancellationToken ct)
    {
        var size = entry.Size!.Value;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var ahead = new Queue<Task<Part>>();
        try
        {
            while (offset < size || ahead.Count > 0)
            {
                // Waits for a place only when nothing of ours holds one, or two objects could wait for each other.
                while (offset < size && ahead.Count < services.Options.Parts && (ahead.Count > 0 ? services.Places.Wait(0, ct) : await PlaceAsync(ct)))
                {
                    var length = (int)Math.Min(services.Options.PartSize, size - offset);
                    ahead.Enqueue(FetchAsync(transport, entry, offset, length, stop.Token));
                    offset += length;
                }

                using var part = await ahead.Peek();
                await sink(part.Buffer.AsMemory(0, part.Length), ct);
                _ = ahead.Dequeue();
                services.Places.Release();
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var left in ahead)
            {
                await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (left.IsCompletedSuccessfully) (await left).Dispose();
                services.Places.Release();
            }
        }
    }

    private async Task<bool> PlaceAsync(CancellationToken ct)
    {
        await services.Places.WaitAsync(ct);
        return true;
    }

    private async Task<Part> FetchAsync(ITransport transport, DataEntry entry, long offset, int length, CancellationToken ct)
    {
        var part = new Part(Buffers.Large.Rent(length), length);
        var filled = 0;
        try
        {
            return await services.Retrier.RunAsync(entry.Uri, async c =>
            {
                await using var body = await services.Idle.GuardAsync(async g => await transport.OpenAsync(entry, offset + filled, length - filled, g), c);
                using var reads = services.Idle.Watch(c);
                while (filled < length)
                {
                    var read = await reads.ReadAsync(body, part.Buffer.AsMemory(filled, length - filled));
                    if (read == 0) throw new TransientException($"a range ended after {filled} of {length} bytes.");
                    filled += read;
                }

                return part;
            }, ct, () => filled);
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    private sealed class Part(byte[] buffer, int length) : IDisposable
    {
        private bool _returned;

        public byte[] Buffer => buffer;

        public int Length => length;

        public void Dispose()
        {
            if (_returned) return;
            _returned = true;
            Buffers.Large.Return(buffer);
        }
    }
}
