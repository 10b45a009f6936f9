using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Scitq.Contracts;

namespace Scitq.Benchmarks.Systems;

/// <summary>Scitq as its users run it, one way or another.</summary>
internal abstract class ScitqSystem(Bench bench) : IAsyncDisposable
{
    /// <summary>As many as the API takes in one call.</summary>
    private const int MostInCall = 20_000;
    private HttpClient? _http;

    public abstract string Name { get; }

    /// <summary>For programs, without spaces.</summary>
    public abstract string Key { get; }

    /// <summary>The groups of its processes.</summary>
    public abstract IReadOnlyList<string> Groups { get; }

    /// <summary>Where its clients find it.</summary>
    public Uri Server => _http!.BaseAddress!;

    protected Bench Bench => bench;

    /// <summary>Starts what accepts tasks. No worker.</summary>
    public abstract Task StartAsync();

    /// <summary>Starts the worker; one that runs is stopped first.</summary>
    public abstract Task StartWorkerAsync(int slots, int prefetch, string batch, bool runNothing = false);

    public abstract Task StopWorkerAsync();

    /// <summary>Returns once they are durably queued.</summary>
    public async Task SubmitAsync(int count, IReadOnlyList<string> argv, string batch)
    {
        for (var left = count; left > 0; left -= MostInCall)
        {
            await SubmitAsync([.. Enumerable.Repeat(new { argv, batch }, Math.Min(left, MostInCall))]);
        }
    }

    /// <summary>The same with all that may be said of a task, in one call.</summary>
    public async Task SubmitAsync(IReadOnlyList<object> tasks)
    {
        using var answer = await _http!.PostAsJsonAsync("api/v1/tasks/bulk", new { tasks }, ScitqJson.Rest);
        await CheckAsync(answer);
    }

    /// <summary>One task, its answer read.</summary>
    public Task<long> SubmitOneAsync(IReadOnlyList<string> argv, string batch) => SubmitOneAsync(new { argv, batch });

    /// <inheritdoc cref="SubmitOneAsync(IReadOnlyList{string}, string)"/>
    public async Task<long> SubmitOneAsync(object task)
    {
        using var answer = await _http!.PostAsJsonAsync("api/v1/tasks", task, ScitqJson.Rest);
        await CheckAsync(answer);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["task_id"]!.GetValue<long>();
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await _http!.GetAsync("api/v1/" + path);
        await CheckAsync(answer);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    /// <summary>How many tasks of the batch have succeeded.</summary>
    public async Task<long> DoneAsync(string batch)
    {
        try
        {
            var counts = await GetAsync($"batches/{batch}");
            if (counts["failed"]!.GetValue<long>() is > 0 and var failed)
                throw new BenchException($"{failed} tasks of batch {batch} have failed on {Name}: {await ReasonAsync(batch)}");
            return counts["succeeded"]!.GetValue<long>();
        }
        catch (HttpRequestException e) when (e.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return 0;       // nothing was ever submitted to it
        }
    }

    /// <summary>Until so many tasks of the batch have succeeded.</summary>
    public Task WaitAsync(string batch, long count) =>
        Waiting.CountAsync(() => DoneAsync(batch), count, $"tasks of {Name} have ended", TimeSpan.FromMinutes(10));

    public virtual async ValueTask DisposeAsync()
    {
        await StopWorkerAsync();
        _http?.Dispose();
    }

    /// <summary>Connects to the API at the address that the program printed.</summary>
    protected void Connect(string address)
    {
        _http?.Dispose();
        _http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(5) };
    }

    protected async Task WaitForWorkerAsync(string name) =>
        await Waiting.UntilAsync(
            async () => (await GetAsync("workers")).AsArray()
                .Any(w => w!["name"]!.GetValue<string>() == name && w["status"]!.GetValue<string>() is "running" or "full"),
            $"worker {name}", TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(20));

    private async Task<string> ReasonAsync(string batch) =>
        (await GetAsync($"tasks?batch={batch}&status=failed&limit=1")).AsArray().FirstOrDefault()?["reason"]?.ToString() ?? "no reason given";

    private static async Task CheckAsync(HttpResponseMessage answer)
    {
        if (answer.IsSuccessStatusCode) return;
        var text = await answer.Content.ReadAsStringAsync();
        throw new HttpRequestException($"{answer.RequestMessage!.RequestUri} answered {(int)answer.StatusCode}: {text}", null, answer.StatusCode);
    }
}
