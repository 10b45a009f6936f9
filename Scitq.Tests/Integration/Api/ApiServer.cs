using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator;
using Scitq.Coordinator.Api;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Health;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Retention;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Webhooks;
using Scitq.Coordinator.Workers;
using Scitq.Tests.Integration.Persistence;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Api;

/// <summary>The API over a real database, on a port of its own; what workers would do, the test does.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly IBusControl _bus = MassTransit.Bus.Factory.CreateUsingInMemory(_ => { });

    private ApiServer(string? postgres, string? token, string? data, RetentionOptions? retention, IReadOnlyList<Webhook> hooks)
    {
        Options = new CoordinatorOptions { Data = data ?? _folder.Path, Database = postgres };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        Database.AddCore(builder.Services, Options).AddApi().AddSingleton(new ApiOptions { Token = token, NoToken = token is null });
        builder.Services.AddHostedService(provider => provider.GetRequiredService<GroupCommit>());
        builder.Services.AddSingleton<Requirements>().AddSingleton<ICommitObserver>(provider => provider.GetRequiredService<Requirements>())
            .AddHostedService(provider => provider.GetRequiredService<Requirements>());
        builder.Services.AddSingleton<DataDisk>();
        builder.Services.AddRetention().AddSingleton(retention ?? new RetentionOptions());
        builder.Services.AddSingleton<IServerStatus>(Status).AddSingleton<TimeProvider>(Clock);
        if (hooks.Count > 0) builder.Services.AddWebhooks(hooks);
        // What workers say reaches the coordinator here without a bus; what it sends them goes nowhere.
        builder.Services.AddSingleton<IBus>(_bus).AddSingleton<ITopology, MemoryTopology>().AddWorkers();
        builder.Services.AddSingleton<IWorkerLine>(Line).AddSingleton<ILink>(provider => provider.GetRequiredService<ITopology>());
        App = builder.Build();
        App.MapApi();
    }

    public WebApplication App { get; }

    public CoordinatorOptions Options { get; }

    public StatusOfServer Status { get; } = new();

    public AdvancedClock Clock { get; } = new();

    public HttpClient Client { get; private set; } = null!;

    public TaskInbox Tasks => App.Services.GetRequiredService<TaskInbox>();

    /// <summary>What workers are told at once.</summary>
    public LineOfWorkers Line { get; } = new();

    public Registrations Workers => App.Services.GetRequiredService<Registrations>();

    public Departures Departures => App.Services.GetRequiredService<Departures>();

    public Heartbeats Heartbeats => App.Services.GetRequiredService<Heartbeats>();

    public LogStore Logs => App.Services.GetRequiredService<LogStore>();

    public static async Task<ApiServer> StartAsync(
        bool postgres, string? token = null, CoordinatorOptions? shared = null, RetentionOptions? retention = null, params IReadOnlyList<Webhook> hooks)
    {
        var database = shared?.Database ?? (postgres ? await PostgresServer.CreateDatabaseAsync() : null);
        var server = new ApiServer(database, token, shared?.Data, retention, hooks);
        await using (var db = server.Context()) await Migrator.MigrateAsync(db, TimeProvider.System, CancellationToken.None);
        await server._bus.StartAsync();
        await server.App.StartAsync();
        server.Client = new HttpClient { BaseAddress = new Uri(server.App.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };
        return server;
    }

    public ScitqDb Context() => App.Services.GetRequiredService<IDbContextFactory<ScitqDb>>().CreateDbContext();

    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(
            method, path.StartsWith("/health", StringComparison.Ordinal) || path.StartsWith("/openapi", StringComparison.Ordinal) ? path : "/api/v1" + path);
        if (body is not null) request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return new Answer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync());
    }

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public async Task<(long Number, Guid Id)> SubmitAsync(object? body = null)
    {
        var task = (await PostAsync("/tasks", body ?? new { argv = new[] { "true" } })).Json(HttpStatusCode.Created);
        return (task.GetProperty("task_id").GetInt64(), task.GetProperty("id").GetGuid());
    }

    public Task<TaskOutcome> RaiseAsync<T>(Guid id, Func<TaskStateMachine, Event<T>> @event, T message)
        where T : class => Tasks.RaiseAsync(TaskStimulus.For(id, @event, message), CancellationToken.None);

    public async Task<AttemptKey> ClaimAsync(Guid id, int attempt = 1, string worker = "w1")
    {
        var (_, answer) = await RaiseAsync(id, m => m.Claimed, new Claimed(worker, attempt));
        return new AttemptKey(id, attempt, answer.Lease ?? throw new InvalidOperationException(answer.Refusal));
    }

    public Task RunAsync(AttemptKey key, string worker = "w1") =>
        RaiseAsync(key.TaskId, m => m.StageReported, new StageReported(worker, new AttemptReport { Key = key, Stage = AttemptStage.Running, Started = Now }));

    public async Task<TaskSaga?> EndAsync(AttemptKey key, AttemptResult? result = null, string worker = "w1")
    {
        result ??= new AttemptResult { RunEnded = Now, Finished = Now, ExitCode = 0 };
        var report = new AttemptReport { Key = key, Stage = AttemptStage.Ended, Started = result.RunEnded ?? result.Finished, Result = result };
        return (await RaiseAsync(key.TaskId, m => m.AttemptEnded, new AttemptEnded(worker, report))).Task;
    }

    public Task<long> PrintAsync(Guid id, int attempt, OutputStream stream, long offset, string text) =>
        Logs.AppendAsync(id, attempt, new OutputChunk(stream, offset, Encoding.UTF8.GetBytes(text)), CancellationToken.None);

    public static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    /// <summary>A start looks at all that wait.</summary>
    public async Task RestartRequirementsAsync()
    {
        var requirements = App.Services.GetRequiredService<Requirements>();
        await requirements.StopAsync(CancellationToken.None);
        await requirements.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        await _bus.StopAsync();
        _folder.Dispose();
    }

    internal sealed class LineOfWorkers : IWorkerLine
    {
        public List<ConfigureWorker> Told { get; } = [];

        public Task OpenAsync(string worker, string batch, CancellationToken ct) => Task.CompletedTask;

        public List<string> Closed { get; } = [];

        public void Compare(string batch)
        {
        }

        public Task CloseAsync(string worker, CancellationToken ct)
        {
            Closed.Add(worker);
            return Task.CompletedTask;
        }

        public void Tell(string worker, ConfigureWorker settings) => Told.Add(settings);

        public void Tell(string worker, CarryOut order)
        {
        }
    }

    internal sealed class StatusOfServer : IServerStatus
    {
        public string Bus => "memory";

        public string Database => "sqlite";

        public DateTime Started { get; } = Now;

        public IReadOnlyList<string> Problems { get; set; } = [];

        public bool Ready { get; set; } = true;
    }

    internal sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders Content, byte[] Bytes)
    {
        public string Text => Encoding.UTF8.GetString(Bytes);

        public JsonElement Json(HttpStatusCode expected = HttpStatusCode.OK)
        {
            Assert.True(Status == expected, $"{Status}: {Text}");
            return JsonSerializer.Deserialize<JsonElement>(Bytes);
        }

        /// <summary>The problem's detail, after its code was seen to be this.</summary>
        public string Problem(HttpStatusCode status, string code)
        {
            Assert.True(Status == status, $"{Status}: {Text}");
            Assert.Equal("application/problem+json", Content.ContentType?.MediaType);
            var problem = JsonSerializer.Deserialize<JsonElement>(Bytes);
            Assert.Equal(code, problem.GetProperty("code").GetString());
            return problem.GetProperty("detail").GetString()!;
        }

        public string? Header(string name) => Headers.TryGetValues(name, out var values) ? values.Single() : null;
    }
}

/// <summary>The time, put forward as far as a test wants.</summary>
internal sealed class AdvancedClock : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Ahead.TotalSeconds * TimestampFrequency);
}
