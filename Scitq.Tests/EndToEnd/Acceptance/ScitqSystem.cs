using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>A running Scitq made of its real programs, shared by the tests of a run and started by the first that needs it.</summary>
public abstract class ScitqSystem : IAsyncDisposable
{
    /// <summary>Tasks at a time; twice the processors at least, so that each has one.</summary>
    public static readonly int Concurrency = Math.Max(8, 2 * Environment.ProcessorCount);

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };

    private readonly Lazy<Task<string>> _address;

    protected ScitqSystem() => _address = new Lazy<Task<string>>(StartAsync);

    /// <summary>Everything the system writes, and a place for the tests' own files.</summary>
    public TestFolder Folder { get; } = new();

    /// <summary>Where the API is.</summary>
    public Task<string> AddressAsync() => _address.Value;

    /// <summary>The token that the coordinator made for itself.</summary>
    public abstract string TokenFile { get; }

    /// <summary>The directories below which tasks run.</summary>
    public abstract string WorkDirectory { get; }

    /// <summary>The memory of each of its processes.</summary>
    public abstract IReadOnlyList<ProcessUnderTest> Processes { get; }

    public Task<ToolOutput> LaunchAsync(params string[] arguments) => ToolAsync("scitq-launch", arguments);

    public Task<ToolOutput> ManageAsync(params string[] arguments) => ToolAsync("scitq-manage", arguments);

    /// <summary>Queues the command and stays with it until its end; its output is the tool's.</summary>
    public Task<ToolOutput> FollowAsync(params string[] arguments) => LaunchAsync(["--follow", .. arguments]);

    /// <summary>A line for bash, in which <c>scitq-launch</c> follows what it queues.</summary>
    public async Task<ToolOutput> BashAsync(string line) =>
        await ToolOutput.RunAsync("/bin/bash", ["-c", $"scitq-launch() {{ '{TestEnvironment.Bin}/scitq-launch' --follow \"$@\"; }}; {line}"],
            await EnvironmentAsync());

    /// <summary>The task as the API shows it, with attempts and history.</summary>
    public async Task<JsonElement> TaskAsync(long id) => await GetAsync($"tasks/{id}");

    /// <summary>The task once the condition holds.</summary>
    public Task<JsonElement> TaskAsync(long id, Func<JsonElement, bool> condition, string what) => UntilAsync($"tasks/{id}", condition, $"task {id}: {what}");

    /// <summary>The task once it has this status.</summary>
    public Task<JsonElement> TaskAsync(long id, string status) => TaskAsync(id, task => task.GetProperty("status").GetString() == status, $"is {status}");

    public async Task<JsonElement> GetAsync(string path) => await (await ClientAsync()).GetFromJsonAsync<JsonElement>($"{await AddressAsync()}/api/v1/{path}");

    /// <summary>A client that the API lets in.</summary>
    public async Task<HttpClient> ClientAsync()
    {
        await AddressAsync();
        _client.DefaultRequestHeaders.Authorization ??= new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(TokenFile)).Trim());
        return _client;
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var response = await (await ClientAsync()).PostAsync($"{await AddressAsync()}/api/v1/{path}", content);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>How the tools find it.</summary>
    public async Task<Dictionary<string, string?>> EnvironmentAsync() =>
        new() { ["SCITQ_SERVER"] = await AddressAsync(), ["SCITQ_TOKEN"] = null, ["SCITQ_TOKEN_FILE"] = TokenFile, ["SCITQ_FORMAT"] = null };

    public async ValueTask DisposeAsync()
    {
        if (_address.IsValueCreated) await StopAsync();
        _client.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts all of it and gives the address of the API.</summary>
    protected abstract Task<string> StartAsync();

    protected abstract Task StopAsync();

    /// <summary>What the agent is told of the machine: the engine that the tests may use, or none, and how it gets at the stores.</summary>
    protected static Dictionary<string, string?> AgentEnvironment()
    {
        var environment = new Dictionary<string, string?> { ["DOCKER_HOST"] = TestEnvironment.Optional("SCITQ_TEST_DOCKER") ?? "unix:///nowhere" };
        foreach (var (variable, scheme) in ((string, string)[])[("SCITQ_TEST_S3", "s3"), ("SCITQ_TEST_AZURE", "azure")])
            if (TestEnvironment.Optional(variable) is not null)
                foreach (var (name, value) in CloudStore.Credentials(scheme)) environment[name] = value;
        return environment;
    }

    protected static async Task<string> ListeningAsync(ProcessUnderTest program)
    {
        const string Mark = "Listening on ";
        var line = await program.WaitForLineAsync(Mark, TimeSpan.FromSeconds(60));
        return line[(line.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..].Trim();
    }

    private async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition, string what)
    {
        JsonElement last = default;
        await Eventually.Async(
            async () => condition(last = await GetAsync(path)), what, TimeSpan.FromSeconds(60));
        return last;
    }

    private async Task<ToolOutput> ToolAsync(string program, string[] arguments) =>
        await ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, program), arguments, await EnvironmentAsync());
}
