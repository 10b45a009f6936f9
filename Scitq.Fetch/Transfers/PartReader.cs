using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Transfers;

/// <summary>
/// Reads an object by several ranges at a time and hands them on in order: the file grows from its start, so it can be continued by its
/// length alone, and is hashed as it comes. Memory is bounded by the shared places, however many objects are on their way.
/// </summary>
internal sealed class PartReader(Services services)
{
    public int PartSize => services.Options.PartSize;

    /// <summary>Reads all from an offset on.</summary>
    /// <param name="transport">The transport that reads.</param>
    /// <param name="entry">The object, its size known.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="hashed">The size of pieces whose MD5s are wanted: they are computed several at a time. Null for none.</param>
    /// <param name="sink">Gets the pieces in order, one at a time.</param>
    /// <param name="ct">Stops it.</param>
    public async Task ReadAsync(
        ITransport transport, DataEntry entry, long offset, int? hashed, Func<Block, CancellationToken, Task> sink, CancellationToken ct)
    {
        var (size, step) = (entry.Size!.Value, hashed ?? services.Options.PartSize);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var ahead = new Queue<Task<Block>>();
        try
        {
            while (offset < size || ahead.Count > 0)
            {
                // Waits for a place only when nothing of ours holds one, or two objects could wait for each other.
                while (offset < size && ahead.Count < services.Options.Parts && (ahead.Count > 0 ? services.Places.Wait(0, ct) : await PlaceAsync(ct)))
                {
                    var length = (int)Math.Min(step - (offset % step), size - offset);
                    ahead.Enqueue(FetchAsync(transport, entry, offset, length, hashed is not null, stop.Token));
                    offset += length;
                }

                var block = await ahead.Peek();
                await sink(block, ct);
                _ = ahead.Dequeue();
                block.Dispose();
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

    private async Task<Block> FetchAsync(ITransport transport, DataEntry entry, long offset, int length, bool hashed, CancellationToken ct)
    {
        var buffer = Buffers.Large.Rent(length);
        var block = new Block((int)(offset / length), buffer, length);
        var filled = 0;
        try
        {
            await services.Retrier.RunAsync(entry.Uri, async c =>
            {
                await using var body = await services.Idle.GuardAsync(async g => await transport.OpenAsync(entry, offset + filled, length - filled, g), c);
                using var reads = services.Idle.Watch(c);
                while (filled < length)
                {
                    var read = await reads.ReadAsync(body, buffer.AsMemory(filled, length - filled));
                    if (read == 0) throw new TransientException($"a range ended after {filled} of {length} bytes.");
                    filled += read;
                }

                return true;
            }, ct, () => filled);
            if (hashed) _ = block.Md5;
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }
}
