using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Scitq.Tests.Unit.Tools;

/// <summary>Answers as the API's contract says, over a real socket; each test may put its own answer before it.</summary>
internal sealed class StubCoordinator : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Func<HttpContext, Task>> _first = new();
    private long _number;

    private StubCoordinator(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>Every request as <c>METHOD path?query</c>, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The tasks taken, by id, as they came.</summary>
    public ConcurrentDictionary<Guid, JsonElement> Tasks { get; } = new();

    /// <summary>How often a task was sent, counting repetitions.</summary>
    public int Submissions { get; private set; }

    /// <summary>What is answered to everything but submissions.</summary>
    public Func<HttpContext, Task>? Otherwise { get; set; }

    public static async Task<StubCoordinator> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var stub = new StubCoordinator(app);
        app.Run(stub.AnswerAsync);
        await app.StartAsync();
        return stub;
    }

    /// <summary>The next request gets this answer.</summary>
    public StubCoordinator First(Func<HttpContext, Task> answer)
    {
        _first.Enqueue(answer);
        return this;
    }

    public static Func<HttpContext, Task> Json(string body, int status = 200) => async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = status < 400 ? "application/json" : "application/problem+json";
        await context.Response.WriteAsync(body);
    };

    /// <summary>Takes the task, but the answer never arrives.</summary>
    public async Task TakeAndBreakAsync(HttpContext context)
    {
        await TakeAsync(context);
        context.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        if (_first.TryDequeue(out var answer)) await answer(context);
        else if (context.Request.Method == "POST" && context.Request.Path.Value is "/api/v1/tasks" or "/api/v1/tasks/bulk")
            await Json(await TakeAsync(context), 201)(context);
        else await (Otherwise ?? Json("""{"detail":"nothing here","code":"not_found"}""", 404))(context);
    }

    private async Task<string> TakeAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var bulk = body.RootElement.TryGetProperty("tasks", out var many);
        var answers = new StringBuilder();
        foreach (var task in bulk ? [.. many.EnumerateArray()] : new[] { body.RootElement })
        {
            Submissions++;
            var id = task.GetProperty("id").GetGuid();
            var stored = Tasks.GetOrAdd(id, _ => task.Clone());
            var number = Tasks.Count > _number ? ++_number : Tasks.Count;
            answers.Append(answers.Length > 0 ? "," : "")
                .Append($"{{\"task_id\":{number},\"id\":\"{id}\",\"status\":\"pending\",\"batch\":\"{stored.GetProperty("batch")}\"}}");
        }

        return bulk ? $"{{\"tasks\":[{answers}]}}" : answers.ToString();
    }
}
