namespace Scitq.Tests.Servers;

/// <summary>PgBouncer in transaction mode before a PostgreSQL server.</summary>
public sealed class PgBouncer : IAsyncDisposable
{
    private const string Script = "pgbouncer.sh";
    private readonly TestFolder _folder = new();
    private readonly string _server;

    private PgBouncer(string server) => _server = server;

    /// <summary>Leads through it, without a database.</summary>
    public string Connection { get; private set; } = "";

    public static async Task<PgBouncer> StartAsync(string server)
    {
        if (!File.Exists("/usr/sbin/pgbouncer")) TestEnvironment.Missing("PgBouncer is not installed");
        var bouncer = new PgBouncer(server);
        await bouncer.StartAsync();
        return bouncer;
    }

    /// <summary>Starts it again, at its old port.</summary>
    public async Task StartAsync() => Connection = (await ServerScript.RunAsync(Script, "start", _folder.Path, _server))[0];

    public Task KillAsync() => ServerScript.RunAsync(Script, "stop", _folder.Path);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }
}
