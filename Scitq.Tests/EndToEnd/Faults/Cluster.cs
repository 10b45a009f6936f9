using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Npgsql;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>How a cluster differs from the usual.</summary>
internal sealed record ClusterSetup
{
    /// <summary>A broker of the test's own, to be killed; else a virtual host on the shared one.</summary>
    public RabbitMqServer? Broker { get; init; }

    /// <summary>How programs reach the broker, if it differs from what the broker says itself.</summary>
    public string? Bus { get; init; }

    /// <summary>More variables of coordinator and agents.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Called when the broker is there, and before any program is.</summary>
    public Func<Cluster, Task> Prepare { get; init; } = _ => Task.CompletedTask;

    /// <summary>A database server of the test's own, to be crashed; else a database on the shared one.</summary>
    public PostgresServer? Database { get; init; }

    /// <summary>How the coordinator reaches the database, if it differs from where that is.</summary>
    public Func<string, string> CoordinatorDatabase { get; init; } = database => database;

    /// <summary>The times people have by default, instead of those that keep tests short.</summary>
    public bool DefaultTimes { get; init; }

    /// <summary>
    /// Seconds of silence after which an agent is lost. Long where no agent is to be lost: machines that run many tests
    /// at once let a process wait.
    /// </summary>
    public int LostAfter { get; init; } = 60;

    /// <summary>More settings of the coordinator.</summary>
    public IReadOnlyList<string> Coordinator { get; init; } = [];

    /// <summary>More variables of the agents.</summary>
    public IReadOnlyDictionary<string, string?> AgentEnvironment { get; init; } = new Dictionary<string, string?>();
}

/// <summary>A coordinator, agents, a broker and a database, all of them real and as processes, with all that is known of them.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly ClusterSetup _setup;
    private readonly TestFolder _folder = new();
    private readonly List<AgentUnderTest> _agents = [];
    private readonly List<Guid> _submitted = [];
    private readonly int _port = TestPorts.Free();
    private RabbitMqVhost? _vhost;

    private Cluster(ClusterSetup setup)
    {
        _setup = setup;
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), Timeout = TimeSpan.FromSeconds(60) };
    }

    /// <summary>Every process of a task has it in its environment.</summary>
    public string Mark { get; } = Guid.NewGuid().ToString("N")[..12];

    public string Batch { get; } = "faults";

    public HttpClient Client { get; }

    public string AmqpUri { get; private set; } = "";

    /// <summary>As whom the coordinator and the agents come to the broker.</summary>
    public string CoordinatorBus { get; set; } = "";

    public string AgentBus { get; set; } = "";

    /// <summary>Where the test looks into it.</summary>
    public string Database { get; set; } = "";

    public RabbitMqApi Broker { get; private set; } = null!;

    public string Vhost { get; private set; } = "/";

    public ProcessUnderTest Coordinator { get; private set; } = null!;

    public IReadOnlyList<AgentUnderTest> Agents => _agents;

    public IReadOnlyDictionary<string, string?> AgentEnvironment => new Dictionary<string, string?>(_setup.Environment.Concat(_setup.AgentEnvironment));

    public IReadOnlyList<Guid> Submitted => _submitted;

    public string this[string name] => _folder[name];

    public string LedgerFile => _folder["ledger"];

    public static async Task<Cluster> StartAsync(ClusterSetup? setup = null)
    {
        var cluster = new Cluster(setup ?? new ClusterSetup());
        try
        {
            await cluster.OpenAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the coordinator, again after it was killed; returns once it is ready.</summary>
    public async Task StartCoordinatorAsync(bool ready = true)
    {
        string[] times = _setup.DefaultTimes ? [] :
        [
            "--Tasks:LostAfterSeconds", _setup.LostAfter.ToString(CultureInfo.InvariantCulture), "--Tasks:LeaseMarginSeconds", "1",
            "--Tasks:GraceSeconds", "3",
            "--Tasks:UnknownLeaseSeconds", "15", "--Tasks:ReconcileSeconds", "3", "--Tasks:RetryBackoffSeconds", "0.1",
        ];
        var secrets = new Dictionary<string, string?>(_setup.Environment)
            { ["SCITQ_BUS"] = CoordinatorBus, ["SCITQ_DATABASE"] = _setup.CoordinatorDatabase(Database) };
        Coordinator = ProcessUnderTest.Start(
            "scitq-coordinator",
            ["--port", _port.ToString(CultureInfo.InvariantCulture), "--data", _folder["coordinator"],
                "--Tasks:PutAsideAfter", "0", .. times, .. _setup.Coordinator], secrets);
        await Coordinator.WaitForLineAsync("Listening on", Patience);
        Client.DefaultRequestHeaders.Authorization ??= new("Bearer", (await File.ReadAllTextAsync(_folder["coordinator/token"])).Trim());
        if (ready) await Eventually.Async(IsReadyAsync, "the coordinator is ready", Patience);
    }

    public async Task KillCoordinatorAsync()
    {
        await Coordinator.KillAsync();
        await Coordinator.DisposeAsync();
    }

    /// <summary>Starts an agent and waits until it is registered.</summary>
    public async Task<AgentUnderTest> StartAgentAsync(string name, int concurrency = 1, int prefetch = 0, params string[] options)
    {
        var agent = new AgentUnderTest(this, $"{name}-{Mark}", _folder[$"work-{name}"], [
            "--batch", Batch, "--concurrency", concurrency.ToString(CultureInfo.InvariantCulture), "--prefetch",
            prefetch.ToString(CultureInfo.InvariantCulture),
            .. _setup.DefaultTimes
                ? (string[])[]
                : ["--heartbeat-seconds", "0.5", "--lease-seconds", Math.Min(8, 0.6 * _setup.LostAfter)
                    .ToString(CultureInfo.InvariantCulture), "--stop-grace", "1"], .. options]);
        _agents.Add(agent);
        await agent.StartAsync();
        return agent;
    }

    public async Task<Guid> SubmitAsync(TaskSpec spec) => (await SubmitAsync([spec]))[0];

    public async Task<IReadOnlyList<Guid>> SubmitAsync(IReadOnlyList<TaskSpec> specs)
    {
        var ids = specs.Select(_ => Guid.CreateVersion7()).ToList();
        using var response = await PostAsync(ids, specs);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        Expect(ids);
        return ids;
    }

    /// <summary>Sends the same request until it is answered, as a client does that meets a dead coordinator.</summary>
    public async Task<IReadOnlyList<Guid>> SubmitStubbornlyAsync(IReadOnlyList<TaskSpec> specs)
    {
        var ids = specs.Select(_ => Guid.CreateVersion7()).ToList();
        await Eventually.Async(async () =>
        {
            try
            {
                using var response = await PostAsync(ids, specs);
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;       // it is away
            }
        }, "tasks are accepted", Patience);
        Expect(ids);
        return ids;
    }

    /// <summary>The tasks are in the system, and <see cref="Invariants"/> holds it to their end.</summary>
    public void Expect(params IReadOnlyList<Guid> ids)
    {
        lock (_submitted) _submitted.AddRange(ids);
    }

    /// <summary>As the cluster submits it: in its batch, unless it has its own, with what its commands need.</summary>
    public TaskSpec Complete(TaskSpec spec) => spec with
    {
        Batch = spec.Batch == BatchName.Default ? Batch : spec.Batch,
        Env = spec.Env.Concat([new("SCITQ_TEST_MARK", Mark), new("LEDGER", LedgerFile), new("NAME", spec.Name ?? "")]).ToDictionary(),
    };

    public Task<JsonElement> TaskAsync(Guid id) => Client.GetFromJsonAsync<JsonElement>($"/api/v1/tasks/{id}");

    public async Task<string> StatusAsync(Guid id) => (await TaskAsync(id)).GetProperty("status").GetString()!;

    public async Task<JsonElement> WaitForAsync(Guid id, string status, TimeSpan? timeout = null, int? attempt = null)
    {
        var task = default(JsonElement);
        try
        {
            await Eventually.Async(IsThereAsync, $"task {id} is {status}", timeout ?? Patience);
        }
        catch (Xunit.Sdk.FailException e) when (task.ValueKind == JsonValueKind.Object)
        {
            Assert.Fail($"{e.Message} Seen last: {task}");
        }

        return task;

        async Task<bool> IsThereAsync()
        {
            try
            {
                task = await TaskAsync(id);
            }
            catch (HttpRequestException)
            {
                return false;       // the coordinator or its database is away
            }

            var now = task.GetProperty("status").GetString();
            Assert.False(now is "failed" or "cancelled" && now != status, $"Waiting for {status}: {task}");
            return now == status && (attempt is null || task.GetProperty("attempt").GetInt32() == attempt);
        }
    }

    /// <summary>Waits until all tasks have ended.</summary>
    public Task WaitForAllAsync(TimeSpan? timeout = null) => Eventually.Async(
        async () => await ScalarAsync("select count(*) from task where state not in ('succeeded', 'failed', 'cancelled')") == 0,
        "all tasks have ended", timeout ?? Patience);

    public async Task<byte[]> LogAsync(Guid id, string stream = "stdout") =>
        await Client.GetByteArrayAsync($"/api/v1/tasks/{id}/attempts/latest/log/{stream}");

    public async Task<string> OutputAsync(Guid id) => Encoding.UTF8.GetString(await LogAsync(id));

    /// <summary>What tasks have written of their starts: name and attempt.</summary>
    public async Task<IReadOnlyList<(string Name, int Attempt)>> LedgerAsync() =>
        !File.Exists(LedgerFile)
            ? []
            : [.. (await File.ReadAllLinesAsync(LedgerFile)).Select(l => l.Split(' ')).Select(w => (w[0], int.Parse(w[1], CultureInfo.InvariantCulture)))];

    public Task WaitForStartAsync(string name, int attempt = 1) =>
        Eventually.Async(async () => (await LedgerAsync()).Contains((name, attempt)), $"attempt {attempt} of {name} has started", Patience);

    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var connection = new NpgsqlConnection($"{Database};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }

    public async Task<long> ScalarAsync(string sql) => (await QueryAsync(sql, r => r.GetInt64(0)))[0];

    public Task<Dictionary<string, long>> QueuesAsync() => Broker.QueuesAsync(Vhost);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        // Shown only where the test has failed.
        if (Coordinator is not null) Tell("coordinator", Coordinator);
        foreach (var agent in _agents)
        {
            Tell(agent.Name, agent.Process);
            await agent.DisposeAsync();
        }

        if (Coordinator is not null) await Coordinator.DisposeAsync();
        foreach (var pid in Invariants.ProcessesMarked(Mark)) Posix.Kill(pid);
        if (_vhost is not null) await _vhost.DisposeAsync();
        _folder.Dispose();
    }

    private static void Tell(string name, ProcessUnderTest process) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{name} ended by saying:\n{string.Join('\n', process.Lines.TakeLast(40))}");

    private async Task OpenAsync()
    {
        if (_setup.Broker is { } broker)
        {
            (AmqpUri, Broker) = (broker.AmqpUri, broker.Api);
        }
        else
        {
            _vhost = await RabbitMqServer.CreateVhostAsync();
            (AmqpUri, Broker, Vhost) = (_vhost.AmqpUri, _vhost.Api, _vhost.Name);
        }

        CoordinatorBus = AgentBus = _setup.Bus ?? AmqpUri;
        await _setup.Prepare(this);
        Database = await (_setup.Database is { } own ? own.CreatePrivateDatabaseAsync() : PostgresServer.CreateDatabaseAsync());
        await StartCoordinatorAsync();
    }

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Client.GetAsync("/health/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Task<HttpResponseMessage> PostAsync(IReadOnlyList<Guid> ids, IReadOnlyList<TaskSpec> specs) => Client.PostAsJsonAsync(
        "/api/v1/tasks/bulk",
        new
        {
            tasks = ids.Zip(specs, (id, s) => new
            {
                id, argv = s.Argv, batch = Complete(s).Batch, name = s.Name, image = s.Image, docker_options = s.DockerOptions, inputs = s.Inputs,
                resources = s.Resources, output = s.Output, priority = s.Priority, retry = s.Retry,
                strict_output = s.StrictOutput,
                env = Complete(s).Env,
            }),
        });
}
