namespace Scitq.Tests.Servers;

/// <summary>
/// RabbitMQ for tests: <see cref="CreateVhostAsync"/> gives a virtual host of one's own on the shared broker;
/// <see cref="StartPrivateAsync"/> a whole node, to be stopped, killed and started again.
/// </summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    private const string Script = "rabbitmq.sh";

    private readonly TestFolder _folder = new();
    private readonly string[] _config;

    private RabbitMqServer(string[] config) => _config = config;

    public string AmqpUri { get; private set; } = "";

    /// <summary>Of the HTTP API, which lists queues without the cost of rabbitmqctl.</summary>
    public Uri ManagementUri { get; private set; } = null!;

    public RabbitMqApi Api => new(ManagementUri);

    public static async Task<RabbitMqVhost> CreateVhostAsync()
    {
        var amqp = TestEnvironment.Required("SCITQ_TEST_RABBITMQ");
        var api = new RabbitMqApi(new Uri(TestEnvironment.Required("SCITQ_TEST_RABBITMQ_MANAGEMENT")));
        var name = $"test-{Guid.NewGuid():N}";
        await api.CreateVhostAsync(name);
        return new RabbitMqVhost(api, name, $"{amqp.TrimEnd('/')}/{name}");
    }

    /// <summary>Starts a node of its own; each of <paramref name="config"/> is a line of rabbitmq.conf.</summary>
    public static async Task<RabbitMqServer> StartPrivateAsync(params string[] config)
    {
        if (!Directory.Exists("/usr/lib/rabbitmq/bin")) TestEnvironment.Missing("RabbitMQ is not installed");
        var server = new RabbitMqServer(config);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts the node again, on its old data and ports.</summary>
    public async Task StartAsync()
    {
        var uris = await ServerScript.RunAsync(
            Script, ["start", _folder.Path, "--management", .. _config.SelectMany(line => new[] { "--config", line })]);
        AmqpUri = uris[0];
        ManagementUri = new Uri(uris[1]);
    }

    /// <summary>Ends it in order; data stay.</summary>
    public Task StopAsync() => ServerScript.RunAsync(Script, "stop", _folder.Path);

    /// <summary>
    /// Writes down what was declared, which a broker keeps in memory for a moment and forgets if it is killed then. A test that
    /// counts on a fresh queue calls this first; messages that were confirmed are on the disk already.
    /// </summary>
    public Task RememberAsync() => ControlAsync("eval", "ok = mnesia:sync_log(), dumped = mnesia:dump_log().");

    /// <summary>SIGKILL; data stay, but for what <see cref="RememberAsync"/> says.</summary>
    public Task KillAsync() => ServerScript.RunAsync(Script, "kill", _folder.Path);

    public Task<string[]> ControlAsync(params string[] arguments) =>
        ServerScript.RunAsync(Script, ["ctl", _folder.Path, .. arguments]);

    /// <summary>What it has written since it was started last.</summary>
    public Task<string> LogAsync() => File.ReadAllTextAsync(_folder["out.log"]);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }
}
