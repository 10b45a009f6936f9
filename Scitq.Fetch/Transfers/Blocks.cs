using System.Security.Cryptography;

namespace Scitq.Fetch.Transfers;

/// <summary>One piece of a stream, in a rented buffer.</summary>
internal sealed class Block(int number, byte[] buffer, int length) : IDisposable
{
    /// <summary>From 1.</summary>
    public int Number => number;

    public int Length => length;

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    /// <summary>The MD5 of the piece; computed by who needs it first, unless it is known already.</summary>
#pragma warning disable CA5351 // The stores' own checksum of parts.
    public byte[] Md5 { get => field ??= MD5.HashData(Bytes.Span); set; }
#pragma warning restore CA5351

    /// <summary>The bytes as a seekable stream, telling <paramref name="touch"/> whenever some are taken.</summary>
    public Stream Open(Action touch) => new Body(buffer, length, touch);

    public void Dispose() => Buffers.Large.Return(buffer);

    private sealed class Body(byte[] buffer, int length, Action touch) : MemoryStream(buffer, 0, length, writable: false)
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            touch();
            return base.Read(buffer, offset, count);
        }

        public override int Read(Span<byte> buffer)
        {
            touch();
            return base.Read(buffer);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            touch();
            return base.ReadAsync(buffer, offset, count, cancellationToken);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            touch();
            return base.ReadAsync(buffer, cancellationToken);
        }

        // The inherited one hands everything over in one write, during which nothing would be heard of it.
        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            var piece = new byte[1 << 16];
            for (int read; (read = await ReadAsync(piece, cancellationToken)) > 0;)
                await destination.WriteAsync(piece.AsMemory(0, read), cancellationToken);
        }
    }
}

/// <summary>Cuts a stream into blocks and has several of them sent at a time, reading on meanwhile.</summary>
internal sealed class Blocks(Services services)
{
    /// <summary>The size of blocks for an object, so that there are not more than the store takes.</summary>
    public int SizeFor(long? length, int mostBlocks, int smallest, int largest)
    {
        const int Step = 1 << 20;
        smallest = Math.Max(smallest, services.Options.PartSize);
        if (length is not { } known) return smallest;
        var needed = (known + mostBlocks - 1) / mostBlocks;
        return needed > largest
            ? throw new UnsupportedTransferException($"{known} bytes are more than this store takes in one object ({mostBlocks} parts of {largest} bytes).")
            : (int)Math.Min(largest, Math.Max(smallest, (needed + Step - 1) / Step * Step));
    }

    /// <summary>A place for a first block; none for what is so small that the number of files bounds it.</summary>
    public async Task<IDisposable?> PlaceAsync(long? length, CancellationToken ct)
    {
        const int Small = 1 << 20;
        if (length <= Small) return null;
        await services.Places.WaitAsync(ct);
        return new Place(services.Places);
    }

    /// <summary>Reads one block; null at the end.</summary>
    public static async Task<Block?> ReadAsync(Stream body, int number, int size, CancellationToken ct)
    {
        var buffer = Buffers.Large.Rent(size);
        try
        {
            var length = await body.ReadAtLeastAsync(buffer.AsMemory(0, size), size, throwOnEndOfStream: false, ct);
            if (length > 0) return new Block(number, buffer, length);
        }
        catch
        {
            Buffers.Large.Return(buffer);
            throw;
        }

        Buffers.Large.Return(buffer);
        return null;
    }

    /// <summary>Sends all blocks from <paramref name="first"/> on; it and the others are disposed.</summary>
    /// <param name="first">The block already read.</param>
    /// <param name="body">The stream that follows it.</param>
    /// <param name="sizeOf">The size of the block of a number.</param>
    /// <param name="send">Sends one; several run at a time.</param>
    /// <param name="ct">Stops it.</param>
    public async Task SendAsync(Block first, Stream body, Func<int, int> sizeOf, Func<Block, CancellationToken, Task> send, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var sending = new List<Task>();
        var next = first;
        try
        {
            while (next is not null)
            {
                // Waits for a shared place only while none of its own is taken, or two uploads could wait for each other.
                var atOnce = Math.Max(1,
                    Math.Min(services.Options.Parts, Math.Max(2, (int)((long)services.Options.Parts * services.Options.PartSize / sizeOf(next.Number)))));
                while (sending.Count >= atOnce || sending.Count > 0 && !await services.Places.WaitAsync(0, ct))
                {
                    var done = await Task.WhenAny(sending);
                    sending.Remove(done);
                    await done;
                    if (sending.Count == 0) break;
                }

                if (sending.Count == 0) await services.Places.WaitAsync(ct);
                sending.Add(SendOneAsync(next, send, stop.Token));
                var number = next.Number + 1;
                next = null;
                next = await ReadAsync(body, number, sizeOf(number), ct);
            }

            await Task.WhenAll(sending);
        }
        finally
        {
            next?.Dispose();
            await stop.CancelAsync();
            await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }

    private async Task SendOneAsync(Block block, Func<Block, CancellationToken, Task> send, CancellationToken ct)
    {
        try
        {
            await send(block, ct);
        }
        finally
        {
            block.Dispose();
            services.Places.Release();
        }
    }
}
