using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Many tasks whose store is in trouble.</summary>
[Trait("Level", "EndToEnd")]
public sealed class StorageStormTests
{
    private const int Count = 200;

    [Fact(Timeout = 420_000)]
    public async Task Two_hundred_tasks_with_data_on_a_store_that_refuses_a_third_of_all_requests_end_right()
    {
        await using var bucket = await S3Bucket.CreateAsync();
        await using var store = await FaultyGateway.StartAsync(bucket.Environment["AWS_ENDPOINT_URL"]!);
        await using var cluster = await Cluster.StartAsync(new ClusterSetup
            { AgentEnvironment = new Dictionary<string, string?>(bucket.Environment) { ["AWS_ENDPOINT_URL"] = store.Root } });
        for (var i = 0; i < 10; i++) await bucket.PutAsync($"in/{i}", $"input {i}\n");
        await bucket.PutAsync("shared", "shared\n");
        await cluster.StartAgentAsync("a", concurrency: 4, prefetch: 16);

        // Of ten requests three are answered with 503, and of what one has done its client does not hear.
        var (refusals, losses) = (new Misfortune(outOfTen: 3), new Misfortune(outOfTen: 1));
        store.Before = context =>
        {
            if (!refusals.Strikes(context)) return Task.FromResult(false);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.FromResult(true);
        };
        store.Lost = losses.Strikes;
        await cluster.SubmitAsync([.. Enumerable.Range(0, Count)
            .Select(i => Tasks.Shell($"t{i}", $"cat \"$INPUT/{i % 10}\" \"$RESOURCE/shared\" >\"$OUTPUT/result\"") with
        {
            Inputs = [DataUri.Parse(bucket.Uri($"in/{i % 10}"))], Resources = [DataUri.Parse(bucket.Uri("shared"))],
            Output = DataUri.Parse(bucket.Uri($"out/{i}/")),
        })]);
        await cluster.WaitForAllAsync(TimeSpan.FromMinutes(5));
        (store.Before, store.Lost) = (null, null);

        Assert.Equal(Count, await cluster.ScalarAsync("select count(*) from task where state = 'succeeded' and attempt = 1"));
        Assert.InRange(refusals.Count + losses.Count, Count / 2, int.MaxValue);
        foreach (var i in new[] { 0, 7, 99, Count - 1 }) Assert.Equal($"input {i % 10}\nshared\n", await bucket.GetAsync($"out/{i}/result"));
        Assert.Equal(Count, (await bucket.KeysAsync()).Count(k => k.StartsWith("out/", StringComparison.Ordinal)));
        Assert.Empty((await bucket.Client.ListMultipartUploadsAsync(bucket.Name)).MultipartUploads ?? []);
    }

    [Fact(Timeout = 120_000), Trait("Id", "I34")]
    public async Task I34_A_store_that_falls_silent_with_connections_open_costs_its_idle_time_and_no_attempt()
    {
        await using var bucket = await S3Bucket.CreateAsync();
        await using var store = await FaultyGateway.StartAsync(bucket.Environment["AWS_ENDPOINT_URL"]!);
        await using var cluster = await Cluster.StartAsync(new ClusterSetup
            { AgentEnvironment = new Dictionary<string, string?>(bucket.Environment) { ["AWS_ENDPOINT_URL"] = store.Root } });
        await using var web = await HttpServer.StartAsync();
        web.Files["/y"] = "web\n"u8.ToArray();
        await bucket.PutAsync("in/x", "input\n");
        await cluster.StartAgentAsync("a", 1, 0, "--transfer-idle-seconds", "1");

        // The first request for each of the data: those to the store never get an answer, that to the web server never its rest.
        var silent = new ConcurrentDictionary<string, bool>();
        Func<HttpContext, Task<bool>> SilentOn(string path) => async context =>
        {
            if (!context.Request.Path.Value!.EndsWith(path, StringComparison.Ordinal) || context.Request.Method == "HEAD"
                || !silent.TryAdd($"{context.Request.Method} {path}", true)) return false;
            if (path == "/y")
            {
                (context.Response.ContentLength, context.Response.Headers.ETag) = (4, "\"v1\"");
                await context.Response.WriteAsync("we", context.RequestAborted);
            }

            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        var (ofInput, ofOutput) = (SilentOn("/in/x"), SilentOn("/out/result"));
        store.Before = async context => await ofInput(context) || await ofOutput(context);
        web.Fault = SilentOn("/y");
        await cluster.SubmitAsync(Tasks.Shell("silent", "cat \"$INPUT/x\" \"$INPUT/y\" >\"$OUTPUT/result\"") with
            { Inputs = [DataUri.Parse(bucket.Uri("in/x")), DataUri.Parse($"{web.Root}/y")], Output = DataUri.Parse(bucket.Uri("out/")) });
        await cluster.WaitForAllAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await cluster.ScalarAsync("select count(*) from task where state = 'succeeded' and attempt = 1"));
        Assert.Equal(["GET /in/x", "GET /y", "PUT /out/result"], silent.Keys.Order());
        Assert.Equal("input\nweb\n", await bucket.GetAsync("out/result"));
    }

    /// <summary>
    /// Which requests meet it follows from what is asked for and how often it was before, not from their order, which no two runs share. Of
    /// five in a row for the same thing one is spared: ten refusals in a row are a failure for good reason.
    /// </summary>
    private sealed class Misfortune(uint outOfTen)
    {
        private readonly ConcurrentDictionary<string, int> _asked = new();
        private int _count;

        public int Count => _count;

        public bool Strikes(HttpContext context)
        {
            // The bucket's name is another in each run.
            var key = $"{context.Request.Method} {context.Request.Path.Value!.Split('/', 3)[^1]}{context.Request.QueryString}";
            var time = _asked.AddOrUpdate(key, 0, (_, before) => before + 1);
            if (time % 5 == 4 || Hash($"{outOfTen} {key} {time}") % 10 >= outOfTen) return false;
            Interlocked.Increment(ref _count);
            return true;
        }

        private static uint Hash(string text) => text.Aggregate(2166136261, (hash, c) => unchecked((hash ^ c) * 16777619));
    }
}
