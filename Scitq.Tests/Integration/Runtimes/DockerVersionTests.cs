using Microsoft.AspNetCore.Http;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>Which version of the Engine API is spoken, against an engine that only knows its versions.</summary>
[Trait("Level", "Integration")]
public sealed class DockerVersionTests
{
    [Fact(Timeout = 60_000)]
    public async Task The_version_of_Docker_20_10_is_spoken_and_the_oldest_of_an_engine_that_no_longer_does()
    {
        var oldest = 24;
        await using var engine = await HttpServer.StartAsync();
        engine.Fault = async context =>
        {
            var path = context.Request.Path.Value!;
            if (path == "/version")
            {
                await context.Response.WriteAsync($$"""{"Version":"29.0.0","ApiVersion":"1.52","MinAPIVersion":"1.{{oldest}}"}""");
                return true;
            }

            var asked = int.Parse(path["/v1.".Length..path.IndexOf('/', 1)], System.Globalization.CultureInfo.InvariantCulture);
            context.Response.StatusCode = asked < oldest ? 400 : 404;
            await context.Response.WriteAsJsonAsync(new
            {
                message = asked < oldest ? $"client version 1.{asked} is too old. Minimum supported API version is 1.{oldest}" : "No such container: x",
            });
            return true;
        };
        using var client = DockerFixture.At(engine.Root.Replace("http", "tcp", StringComparison.Ordinal));
        foreach (var minimum in (int[])[24, 44, 44])
        {
            oldest = minimum;
            Assert.True((await Assert.ThrowsAsync<DockerEngineException>(() => client.StateAsync("x", TestContext.Current.CancellationToken))).NotFound);
        }

        Assert.Equal(
            ["/version", "/v1.41/containers/x/json", "/v1.41/containers/x/json", "/version", "/v1.44/containers/x/json", "/v1.44/containers/x/json"],
            engine.Requests.Select(r => r["GET ".Length..]));
    }
}
