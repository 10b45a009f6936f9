using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>A docker engine that is not there when its agent starts.</summary>
[Trait("Level", "EndToEnd")]
public sealed class DockerAwayTests
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task A_container_that_runs_on_is_taken_up_once_the_engine_is_back()
    {
        await using var engine = OwnDockerEngine.Create();
        await engine.StartAsync();
        await using var cluster = await ClusterAsync(engine);
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.HeldInContainer("one"));
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForAsync(id, "running");

        await agent.KillAsync();
        await engine.KillAsync();
        agent.Launch();
        await agent.Process.WaitForLineAsync("Waiting for the docker engine", Cluster.Patience);
        cluster.Release("one");
        Assert.Equal("running", await cluster.StatusAsync(id));
        await engine.StartAsync();

        await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Native_tasks_run_without_the_engine_and_containers_as_soon_as_it_is_there()
    {
        await using var engine = OwnDockerEngine.Create();
        await using var cluster = await ClusterAsync(engine);
        var agent = await cluster.StartAgentAsync("a");
        await cluster.WaitForAsync(await cluster.SubmitAsync(Tasks.Quick("native")), "succeeded");
        var container = Tasks.Shell("container", "true") with { Image = DockerFixture.Image };
        var failed = await cluster.WaitForAsync(await cluster.SubmitAsync(container), "failed");
        Assert.Equal("start", failed.GetProperty("failure_class").GetString());
        Assert.Contains(engine.Address, failed.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains(engine.Address, agent.Process.Text, StringComparison.Ordinal);

        await engine.StartAsync();
        await cluster.WaitForAsync(await cluster.SubmitAsync(container), "succeeded", attempt: 1);
    }

    private static Task<Cluster> ClusterAsync(OwnDockerEngine engine) =>
        Cluster.StartAsync(new ClusterSetup { AgentEnvironment = new Dictionary<string, string?> { ["DOCKER_HOST"] = engine.Address } });
}
