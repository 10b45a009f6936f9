namespace Scitq.Fetch.Ftp;

/// <summary>The data of one RETR. At its end the server's word is awaited: without a 226, what came is not the whole.</summary>
internal sealed class FtpBody(Stream data, FtpConnection connection, Action<FtpConnection> release, string shown) : Stream
{
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended) return 0;
        var read = await data.ReadAsync(buffer, cancellationToken);
        if (read > 0 || buffer.Length == 0) return read;
        await data.DisposeAsync();
        var reply = await connection.ReplyAsync(cancellationToken);
        if (reply.Code is not (226 or 250)) throw reply.Code < 400 ? new TransientException($"the transfer ended with {reply.Text}.") : reply.Fault(shown);
        _ended = true;
        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reads are supported.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await data.DisposeAsync();
        if (_ended) release(connection);
        else await connection.DisposeAsync();
        _ended = false;
        await base.DisposeAsync();
    }
}
