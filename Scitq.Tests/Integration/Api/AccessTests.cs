using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Coordinator;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Workers;

namespace Scitq.Tests.Integration.Api;

/// <summary>Who is answered, and what they see of the whole.</summary>
[Trait("Level", "Integration")]
public sealed class AccessTests
{
    [Fact(Timeout = 60_000)]
    public async Task Every_endpoint_but_health_wants_the_token()
    {
        await using var server = await ApiServer.StartAsync(postgres: false, token: "secret");
        var endpoints = Endpoints(server);
        Assert.InRange(endpoints.Count, 17, 100);
        using var client = new HttpClient { BaseAddress = server.Client.BaseAddress };
        foreach (var endpoint in endpoints)
        {
            var path = "/" + System.Text.RegularExpressions.Regex.Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), @"\{[^}]*\}", "1");
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
                var open = path.StartsWith("/health/", StringComparison.Ordinal);
                Assert.True(open == response.IsSuccessStatusCode
                    && (open || response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests),
                    $"{method} {path}: {response.StatusCode}");
            }
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await server.GetAsync("/tasks", ("Authorization", "Bearer wrong"))).Status);
        (await server.GetAsync("/tasks", ("Authorization", "Bearer secret"))).Json();
        Assert.Contains("bulk", (await server.GetAsync("/openapi/v1.json", ("Authorization", "Bearer secret"))).Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Every_endpoint_states_the_right_it_wants_and_all_but_health_want_one()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        foreach (var endpoint in Endpoints(server))
        {
            var (path, metadata) = (endpoint.RoutePattern.RawText!, endpoint.Metadata);
            if (metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                Assert.StartsWith("/health/", path, StringComparison.Ordinal);
                continue;
            }

            var rights = metadata.GetOrderedMetadata<IAuthorizeData>().Select(a => a.Policy!).ToList();
            Assert.True(rights.Count > 0 && rights.TrueForAll(Rights.All.Contains), $"{path} wants {string.Join(", ", rights)}.");
            var changes = metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Any(method => method is not ("GET" or "HEAD"));
            Assert.True(
                changes == rights.Exists(r => r is Rights.ChangeTasks or Rights.ChangeWorkers or Rights.ChangeServer), $"{path} wants {string.Join(", ", rights)}.");
        }

        Assert.Equal(Rights.All.Order(), Endpoints(server).SelectMany(e => e.Metadata.GetOrderedMetadata<IAuthorizeData>()).Select(a => a.Policy!).Distinct()
            .Order());
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_guesses_tokens_has_to_wait_and_who_has_the_token_never()
    {
        await using var server = await ApiServer.StartAsync(postgres: false, token: "secret");
        for (var i = 0; i < 10; i++)
        {
            var refused = await server.GetAsync("/tasks", ("Authorization", $"Bearer guess{i}"));
            refused.Problem(HttpStatusCode.Unauthorized, "unauthorized");
            Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.Single().ToString());
        }

        var late = await server.GetAsync("/nowhere");
        Assert.Equal("too many requests without the right token.", late.Problem(HttpStatusCode.TooManyRequests, "too_many_failures"));
        Assert.InRange(late.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        for (var i = 0; i < 50; i++) (await server.GetAsync("/tasks", ("Authorization", "bearer  secret "))).Json();
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/nowhere", ("Authorization", "Bearer secret"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/health/ready")).Status);
    }

    [Fact]
    public void Guesses_from_many_addresses_make_a_bounded_number_of_limiters()
    {
        var token = new ApiToken(new ApiOptions { Token = "secret" }, new CoordinatorOptions());
        using var services = new ServiceCollection().AddSingleton(token).BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        var limiters = new HashSet<object>();
        for (var i = 1; i <= 100_000; i++)
        {
            context.Connection.RemoteIpAddress = new IPAddress([0x20, 1, 0x0d, 0xb8, .. BitConverter.GetBytes(i), 0, 0, 0, 0, 0, 0, 0, 1]);
            limiters.Add(RequestLimits.PartitionOf(context).PartitionKey);
        }

        Assert.InRange(limiters.Count, 10_000, 20_000);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_flood_of_probes_has_to_wait()
    {
        await using var server = await ApiServer.StartAsync(postgres: false, token: "secret");
        for (var i = 0; i < 500; i++) (await server.GetAsync("/health/live")).Json();
        await Servers.Eventually.Async(async () => (await server.GetAsync("/health/live")).Status == HttpStatusCode.TooManyRequests, "probes are limited");
        (await server.GetAsync("/health/live", ("Authorization", "Bearer secret"))).Json();
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_token_only_this_machine_is_answered()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        (await server.GetAsync("/tasks")).Json();
        (await server.GetAsync("/tasks", ("Host", "localhost:80"))).Json();
        (await server.GetAsync("/tasks", ("Host", "evil.example"))).Problem(HttpStatusCode.Forbidden, "forbidden");
        (await server.SendAsync(HttpMethod.Post, "/tasks", """{"argv":["true"]}""", ("Origin", "http://evil.example")))
            .Problem(HttpStatusCode.Forbidden, "forbidden");
        (await server.SendAsync(HttpMethod.Post, "/tasks", """{"argv":["true"]}""", ("Origin", "null"))).Problem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact(Timeout = 60_000)]
    public async Task Batches_workers_and_reasons_are_told()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (number, _) = await server.SubmitAsync(new { argv = new[] { "true" }, batch = "b" });
        var (after, _) = await server.SubmitAsync(new { argv = new[] { "true" }, batch = "b", requirements = new[] { $"{number}" } });
        async Task<string> Why(long task) => (await server.GetAsync($"/tasks/{task}/explain")).Text;
        Assert.Contains("no worker serves batch b", await Why(number), StringComparison.Ordinal);
        Assert.Contains($"waits for task {number}, which is pending", await Why(after), StringComparison.Ordinal);
        await using (var db = server.Context())
        {
            db.Workers.Add(new WorkerRow
                { Name = "w1", Batch = "b", Epoch = Guid.NewGuid(), Concurrency = 2, Running = 2, LastSeen = ApiServer.Now, Registered = ApiServer.Now });
            db.Workers.Add(new WorkerRow
                { Name = "w2", Batch = "b", Epoch = Guid.NewGuid(), Hold = "disk is full", LastSeen = ApiServer.Now, Registered = ApiServer.Now });
            db.Workers.Add(new WorkerRow { Name = "w3", Batch = "c", LastSeen = ApiServer.Now.AddDays(-1), Registered = ApiServer.Now });
            await db.SaveChangesAsync();
        }

        Assert.Contains("all 2 slots", await Why(number), StringComparison.Ordinal);
        Assert.Equal(["running", "full", "offline"], (await server.GetAsync("/workers")).Json().EnumerateArray()
            .Select(w => w.GetProperty("status").GetString()));
        Assert.Equal("w2", (await server.GetAsync("/workers/w2")).Json().GetProperty("name").GetString());
        (await server.GetAsync("/workers/nobody")).Problem(HttpStatusCode.NotFound, "not_found");
        await server.PostAsync($"/tasks/{number}/cancel");
        Assert.Contains("was cancelled: relaunch", await Why(after), StringComparison.Ordinal);
        await Servers.Eventually.Async(async () =>
            (await server.GetAsync("/batches/b")).Json().GetProperty("cancelled").GetInt32() == 1, "the batch counts the cancelled task");
        var batch = (await server.GetAsync("/batches/b")).Json();
        Assert.Equal((1, 2, 2),
            (batch.GetProperty("waiting").GetInt32(), batch.GetProperty("total").GetInt32(), batch.GetProperty("workers").GetArrayLength()));
        Assert.Equal(2, (await server.GetAsync("/batches")).Json().GetArrayLength());
        var status = (await server.GetAsync("/server")).Json();
        Assert.Equal((1, 1, true),
            (status.GetProperty("tasks").GetProperty("waiting").GetInt32(), status.GetProperty("workers").GetProperty("running")
                .GetInt32(), status.GetProperty("ready").GetBoolean()));
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/health/ready")).Status);
        server.Status.Ready = false;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.GetAsync("/health/ready")).Status);
    }

    private static List<RouteEndpoint> Endpoints(ApiServer server) =>
        [.. ((IEndpointRouteBuilder)server.App).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];
}
