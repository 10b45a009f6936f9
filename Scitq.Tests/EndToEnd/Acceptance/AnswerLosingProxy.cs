using System.Net;
using System.Net.Sockets;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>Between a client and a server: passes requests on, and breaks the first connections just when their answer comes.</summary>
public sealed class AnswerLosingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _server;
    private readonly Task _accepting;
    private int _left;

    public AnswerLosingProxy(Uri server, int answersToLose)
    {
        (_server, _left) = (server, answersToLose);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Connections that brought one.</summary>
    public int Requests { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await PassAsync(client.GetStream());
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The connection ended as it may; the loop ends with the test.
                if (_stop.IsCancellationRequested) return;
            }
        }
    }

    private async Task PassAsync(NetworkStream client)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(_server.Host, _server.Port, _stop.Token);
        Requests++;
        var there = client.CopyToAsync(server.GetStream(), _stop.Token);
        var buffer = new byte[65536];
        for (int read; (read = await server.GetStream().ReadAsync(buffer, _stop.Token)) > 0;)
        {
            // What is acknowledged is durable by now.
            if (_left-- > 0) return;
            await client.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            if (there.IsCompleted) return;
        }
    }
}
