using System.Text;
using Scitq.Contracts;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>An input that does not come before it is released.</summary>
internal sealed class SlowSource : IAsyncDisposable
{
    public const string Content = "the input\n";

    private readonly HttpServer _server;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    private SlowSource(HttpServer server)
    {
        _server = server;
        server.Files["/input"] = Encoding.UTF8.GetBytes(Content);
        server.Fault = async context =>
        {
            Interlocked.Increment(ref _asked);
            await _released.Task.WaitAsync(context.RequestAborted);
            return false;
        };
    }

    public static async Task<SlowSource> StartAsync() => new(await HttpServer.StartAsync());

    /// <summary>A task that prints it.</summary>
    public TaskSpec Task(string name) =>
        Tasks.Shell(name, "echo \"$NAME $SCITQ_ATTEMPT\" >>\"$LEDGER\"; cat \"$INPUT/input\"") with { Inputs = [DataUri.Parse($"{_server.Root}/input")] };

    /// <summary>Returns once somebody has asked for it so often.</summary>
    public Task AskedAsync(int times) => Eventually.Async(() => Volatile.Read(ref _asked) >= times, $"the input is asked for ({times})", Cluster.Patience);

    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        Release();
        await _server.DisposeAsync();
    }
}
