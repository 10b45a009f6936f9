using System.Net;
using System.Net.Sockets;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>A TCP proxy whose connections break, each after another number of bytes, by a reset or by falling silent.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _target;
    private readonly int _most;
    private readonly Random _random = new(42);
    private readonly Task _accepting;
    private int _broken;

    /// <summary>Connections to <paramref name="target"/> break somewhere in their first <paramref name="most"/> bytes.</summary>
    public FaultyProxy(Uri target, int most)
    {
        (_target, _most) = (target, most);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Broken => Volatile.Read(ref _broken);

    /// <summary>The target's URL, by way of here.</summary>
    public Uri Address => new UriBuilder(_target) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                int limit;
                lock (_random) limit = _random.Next(_most / 20, _most);
                connections.Add(ServeAsync(client, limit, silent: limit % 8 == 0));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client, int limit, bool silent)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(_target.Host, _target.Port, _stop.Token);
                var left = new int[] { limit };
                await Task.WhenAny(PumpAsync(client, server, left, silent), PumpAsync(server, client, left, silent));
                client.Client.LingerState = server.Client.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or IOException)
            {
                // One side has gone; so has the connection.
            }
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, int[] left, bool silent)
    {
        var buffer = new byte[1 << 16];
        try
        {
            for (int read; (read = await from.GetStream().ReadAsync(buffer, _stop.Token)) > 0;)
            {
                if (Interlocked.Add(ref left[0], -read) < 0)
                {
                    Interlocked.Increment(ref _broken);
                    if (silent) await Task.Delay(TimeSpan.FromMinutes(1), _stop.Token);
                    return;
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One side has gone; so has the connection.
        }
    }
}
