using System.Net;
using System.Net.Sockets;

namespace Scitq.Benchmarks.Systems;

/// <summary>Passes connections on to a server, and counts the bytes that come back.</summary>
internal sealed class CountingGate : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _server;
    private readonly Task _accepting;
    private long _sent;

    public CountingGate(Uri server)
    {
        _server = server;
        _listener.Start();
        Address = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    public string Address { get; }

    /// <summary>Bytes from the server.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = PassAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Done.
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        try
        {
            near.NoDelay = far.NoDelay = true;
            await far.ConnectAsync(_server.Host, _server.Port, _stop.Token);
            await Task.WhenAll(PumpAsync(near, far, null), PumpAsync(far, near, n => Interlocked.Add(ref _sent, n)));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two has closed it.
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, Action<int>? count)
    {
        var buffer = new byte[256 * 1024];
        while (await from.GetStream().ReadAsync(buffer, _stop.Token) is > 0 and var read)
        {
            count?.Invoke(read);
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            // TCP_QUICKACK, as the agent itself has it: a gate must not add a delay of its own.
            to.Client.SetRawSocketOption(6, 12, BitConverter.GetBytes(1));
        }

        to.Client.Shutdown(SocketShutdown.Send);
    }
}
