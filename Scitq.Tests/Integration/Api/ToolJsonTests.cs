using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;
using Scitq.Tests.Unit.Tools;
using Scitq.Tools.Manage;

namespace Scitq.Tests.Integration.Api;

/// <summary>What every verb prints with <c>--json</c> is one value, and what the API answered for it is as its description says.</summary>
[Trait("Level", "Integration")]
public sealed class ToolJsonTests
{
    /// <summary>Verbs that print something else than rows: bytes of logs, a script, lines of a stream.</summary>
    private static readonly string[] Raw = ["task logs", "completion bash", "completion zsh", "completion fish"];

    [Fact(Timeout = 300_000)]
    public async Task Every_verb_prints_one_value_and_the_api_answers_as_described()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        await FillAsync(server);
        var schema = new JsonSchema((await server.GetAsync("/openapi/v1.json")).Json());
        await using var between = await StubCoordinator.StartAsync();
        var problems = new ConcurrentQueue<string>();
        between.Otherwise = context => ForwardAsync(context, server, schema, problems);
        using var folder = new TestFolder();
        foreach (var verb in Verbs.All)
        {
            var line = string.Join(' ', verb.Words);
            if (EveryVerbTests.RunHere.Contains(line)) continue;
            foreach (var words in verb.Examples.Select(Examples.Words).OfType<string[]>())
            {
                var places = words.Select(w => w.EndsWith(".txt", StringComparison.Ordinal) ? Path.Combine(folder.Path, w) : w);
                CancellationTokenSource? enough = null;
                var run = await ToolRun.RunAsync("scitq-manage", ["-s", between.Address, "--json", "--timeout", "1", "-y", .. places],
                    new() { ["HOME"] = folder.Path }, input: "secret\n", started: io => enough = EveryVerbTests.Interrupting(io, TimeSpan.FromSeconds(10)));
                enough?.Dispose();
                if (!Raw.Contains(line) && !IsOneValue(run.Out)) problems.Enqueue($"{string.Join(' ', words)} ({run.Code}): {run.Out}{run.Error}");
            }
        }

        Assert.True(problems.IsEmpty, string.Join('\n', problems.Distinct()));
    }

    /// <summary>Interrupted, or with nothing to say, a verb prints nothing.</summary>
    private static bool IsOneValue(string text)
    {
        if (text.Length == 0) return true;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        try
        {
            reader.Read();
            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static async Task ForwardAsync(HttpContext context, ApiServer server, JsonSchema schema, ConcurrentQueue<string> problems)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"{context.Request.Path}{context.Request.QueryString}");
        if (context.Request.ContentLength > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.ContentType = new("application/json");
        }

        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        if (context.Response.ContentType != "application/json; charset=utf-8")
        {
            // Problems, output of tasks, streams.
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
            return;
        }

        var bytes = await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
        var body = JsonSerializer.Deserialize<JsonElement>(bytes);
        if (schema.Problem(request.Method.Method, context.Request.Path.Value!, (int)response.StatusCode, body) is { } problem) problems.Enqueue(problem);
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>Forty tasks, among them what the examples name: succeeded, failed, running and pending ones, and a worker.</summary>
    private static async Task FillAsync(ApiServer server)
    {
        await server.Workers.RegisterAsync(new RegisterWorker
        {
            Worker = "node1", Epoch = Guid.NewGuid(), Batch = "mybatch", Concurrency = 2, Prefetch = 1, Leases = [],
            Host = new HostInfo { Hostname = "h", Cpus = 2, Memory = 1L << 30, Version = "1", Gpus = [] },
        }, CancellationToken.None);
        for (var i = 1; i <= 40; i++)
        {
            var (number, id) = await server.SubmitAsync(new { argv = new[] { "echo", "one two" }, batch = "mybatch", name = $"sample.{i}" });
            if (number > 35) continue;
            var key = await server.ClaimAsync(id, worker: "node1");
            await server.RunAsync(key, "node1");
            await server.PrintAsync(id, 1, OutputStream.Stdout, 0, "hello\n");
            if (number <= 30)
                await server.EndAsync(key, new AttemptResult
                {
                    RunEnded = ApiServer.Now, Finished = ApiServer.Now, ExitCode = number % 2 == 0 ? 3 : 0, StdoutBytes = 6,
                    Failure = number % 2 == 0 ? FailureClass.Exit : null,
                }, "node1");
        }
    }
}
