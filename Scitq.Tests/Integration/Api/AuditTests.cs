using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Scitq.Tests.Integration.Api;

/// <summary>Who did what is in the log and in the history, and what is secret is in neither.</summary>
[Trait("Level", "Integration")]
public sealed class AuditTests
{
    private const string Secret = "hunter2secret";

    [Fact(Timeout = 60_000)]
    public async Task Every_change_names_who_made_it()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var lines = Listen(server);
        var (number, id) = await server.SubmitAsync();
        await server.PostAsync("/tasks/bulk", """{"tasks":[{"argv":["true"]},{"argv":["true"]}]}""");
        await server.PostAsync($"/tasks/{number}/cancel", """{"reason":"enough"}""");
        await server.PostAsync($"/tasks/{number}/relaunch");
        await server.PostAsync("/tasks/actions", """{"action":"cancel","filter":{"batch":"Default"}}""");
        await server.PostAsync("/workers/nobody/clean");

        var me = $"{Environment.UserName} (127.0.0.1)";
        Assert.All(lines, line => Assert.StartsWith(me + ": ", line, StringComparison.Ordinal));
        Assert.Equal(6, lines.Count);
        Assert.Contains($"{me}: POST /api/v1/tasks: 201, task {number}", lines);
        Assert.Contains($"{me}: POST /api/v1/tasks/bulk: 201, 2 tasks from {number + 1}", lines);
        Assert.Contains($"{me}: POST /api/v1/tasks/actions: 200, cancel of 3 tasks", lines);
        Assert.Contains($"{me}: POST /api/v1/workers/nobody/clean: 404", lines);
        var task = (await server.GetAsync($"/tasks/{id}")).Json();
        Assert.Equal(me, task.GetProperty("submitted_by").GetString());
        var history = task.GetProperty("history").EnumerateArray()
            .Where(h => h.GetProperty("kind").GetString() is "submitted" or "cancel_requested" or "relaunched").ToList();
        Assert.Equal(4, history.Count);
        Assert.All(history, entry => Assert.Equal(me, entry.GetProperty("by").GetString()));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_change_of_a_worker_is_remembered_with_its_author()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        await using (var db = server.Context())
        {
            db.Workers.Add(new Scitq.Coordinator.Workers.WorkerRow
                { Name = "w1", Batch = "b", Epoch = Guid.NewGuid(), LastSeen = ApiServer.Now, Registered = ApiServer.Now });
            await db.SaveChangesAsync();
        }

        (await server.SendAsync(HttpMethod.Patch, "/workers/w1", """{"concurrency":8,"paused":true}""")).Json();
        (await server.PostAsync("/workers/w1/clean")).Json(HttpStatusCode.Accepted);
        var happened = (await server.GetAsync("/events?kind=worker_changed")).Json()[0];
        Assert.Equal(("w1", "concurrency 8, paused"), (happened.GetProperty("worker").GetString(), happened.GetProperty("detail").GetString()));
        Assert.Equal($"{Environment.UserName} (127.0.0.1)", happened.GetProperty("by").GetString());
        Assert.Equal($"{Environment.UserName} (127.0.0.1)", (await server.GetAsync("/workers/w1/orders")).Json()[0].GetProperty("by").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Refused_tokens_are_logged_and_neither_flood_the_log_nor_are_in_it()
    {
        await using var server = await ApiServer.StartAsync(postgres: false, token: "right");
        var lines = Listen(server);
        for (var i = 0; i < 40; i++) await server.GetAsync("/tasks", ("Authorization", $"Bearer {Secret}"));
        Assert.Contains("was refused GET /api/v1/tasks: its token is wrong", Assert.Single(lines), StringComparison.Ordinal);
        server.Clock.Ahead += TimeSpan.FromMinutes(1);
        await server.GetAsync("/tasks");
        Assert.Equal(3, lines.Count);
        Assert.Contains(lines, line => line == "127.0.0.1 was refused 39 more times in that minute");
        Assert.Contains(lines, line => line.EndsWith("it has no token", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.DoesNotContain(Secret, line, StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_secret_in_a_task_is_shown_nowhere_and_stays_in_what_runs()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (number, id) = await server.SubmitAsync(new
        {
            argv = new[] { "curl", $"https://me:{Secret}@host/x", "plain" },
            image = "ubuntu",
            docker_options = new[] { "-e", $"API_TOKEN={Secret}", $"--env=PASSWORD={Secret}" },
            inputs = new[] { $"ftp://me:{Secret}@host/in", $"https://host/x?X-Amz-Signature={Secret}" },
            resources = new[] { $"http://{Secret}@host/r|untar" },
            output = $"ftp://me:{Secret}@host/out/",
            env = new Dictionary<string, string> { ["MY_SECRET"] = Secret, ["DATABASE_URL"] = $"postgres://me:{Secret}@db/x", ["MONKEY"] = "seen" },
        });
        var key = await server.ClaimAsync(id);
        await server.EndAsync(key,
            new Scitq.Contracts.Messages.AttemptResult
                { Finished = ApiServer.Now, Failure = Scitq.Contracts.FailureClass.Download, Reason = $"ftp://me:{Secret}@host/in is not there" });
        foreach (var path in new[] { $"/tasks/{number}", "/tasks", "/attempts", $"/tasks/{number}/explain", "/events" })
            Assert.DoesNotContain(Secret, (await server.GetAsync(path)).Text, StringComparison.Ordinal);
        var shown = (await server.GetAsync($"/tasks/{number}")).Json();
        Assert.Equal("ftp://me:***@host/in", shown.GetProperty("inputs")[0].GetString());
        Assert.Equal(("***", "seen"),
            (shown.GetProperty("env").GetProperty("MY_SECRET").GetString(), shown.GetProperty("env").GetProperty("MONKEY").GetString()));
        await using var db = server.Context();
        Assert.Contains($"ftp://me:{Secret}@host/in", db.Tasks.Single().Spec.Inputs.Select(u => u.Text));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("inputs", "s3://AKIAKEY:hunter2secret@bucket/x")]
    [InlineData("inputs", "s3://AKIAKEY:hunter2/secret@bucket/x")]
    [InlineData("resources", "azure://account:hunter2secret@container/x")]
    [InlineData("inputs", "gopher://me:hunter2secret@host/x")]
    public async Task Keys_of_stores_are_refused_and_not_repeated(string member, string uri)
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var problem = (await server.PostAsync("/tasks", JsonSerializer.Serialize(new Dictionary<string, string[]> { ["argv"] = ["true"], [member] = [uri] })))
            .Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
        if (!uri.StartsWith("gopher", StringComparison.Ordinal)) Assert.Contains("holds credentials", problem, StringComparison.Ordinal);
    }

    private static List<string> Listen(ApiServer server)
    {
        var lines = new Lines();
        server.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(lines);
        return lines.Kept;
    }

    /// <summary>What the API's own loggers say.</summary>
    private sealed class Lines : ILoggerProvider
    {
        public List<string> Kept { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Line(categoryName.StartsWith("Scitq.Coordinator.Api.A", StringComparison.Ordinal) ? Kept : []);

        public void Dispose()
        {
        }

        private sealed class Line(List<string> kept) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                lock (kept) kept.Add(formatter(state, exception));
            }
        }
    }
}
