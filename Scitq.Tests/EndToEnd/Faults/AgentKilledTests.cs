using System.Formats.Tar;
using Scitq.Contracts;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>SIGKILL to an agent in each stage of a task, and the same agent again soon after.</summary>
[Trait("Level", "EndToEnd")]
public sealed class AgentKilledTests
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task An_agent_killed_while_it_stages_begins_the_same_attempt_again()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var source = await SlowSource.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(source.Task("staged"));
        await cluster.WaitForAsync(id, "accepted");
        await source.AskedAsync(1);

        await agent.KillAsync();
        await agent.StartAsync();
        await source.AskedAsync(2);
        source.Release();

        await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        Assert.Equal(SlowSource.Content, await cluster.OutputAsync(id));
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_resource_whose_unpacking_was_killed_is_whole_for_the_next_task()
    {
        const int Files = 30_000;
        await using var cluster = await Cluster.StartAsync();
        await using (var tar = new TarWriter(File.Create(cluster["db.tar"])))
            for (var i = 0; i < Files; i++)
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, $"db/{i % 100}/{i}") { DataStream = new MemoryStream([(byte)i]) });
        var agent = await cluster.StartAgentAsync("a");
        var resources = Path.Combine(agent.WorkDir, "resources");
        var id = await cluster.SubmitAsync(Tasks.Shell("unpacked", "find \"$RESOURCE\" -type f | wc -l") with
            { Resources = [DataUri.Parse($"file://{cluster["db.tar"]}|untar")] });
        await Eventually.Async(
            () => Directory.Exists(resources)
                && Directory.EnumerateFiles(resources, "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true }).Skip(300).Any(),
            "some of it is unpacked", Cluster.Patience);

        await agent.KillAsync();
        Assert.DoesNotContain(Directory.GetDirectories(resources), d => !Path.GetFileName(d).StartsWith('.'));
        await agent.StartAsync();

        await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        Assert.Equal($"{Files}\n", await cluster.OutputAsync(id));
        Assert.Single(Directory.GetDirectories(resources));
    }

    [Theory(Timeout = Limit)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_task_runs_on_under_its_killed_agent_and_is_taken_up_by_the_next(bool container)
    {
        if (container) TestEnvironment.Required("SCITQ_TEST_DOCKER");
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 2);
        var ids = await cluster.SubmitAsync([.. new[] { "one", "two" }.Select(name => container ? cluster.HeldInContainer(name) : cluster.Held(name))]);
        await cluster.WaitForStartAsync("one");
        await cluster.WaitForStartAsync("two");
        await cluster.WaitForAsync(ids[0], "running");

        await agent.KillAsync();
        cluster.Release("two");             // ends while there is no agent
        await Eventually.Async(() => File.Exists(cluster["go-two"]) && Invariants.ProcessesMarked(cluster.Mark).Any(), "one runs on");
        await agent.StartAsync();
        cluster.Release("one");

        foreach (var id in ids)
        {
            await cluster.WaitForAsync(id, "succeeded", attempt: 1);
            await cluster.AssertHeldLogAsync(id);
        }

        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task An_agent_killed_while_it_uploads_delivers_the_same_attempt_again()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.Delivering("big"));
        await cluster.WaitForAsync(id, "uploading");

        await agent.KillAsync();
        Assert.Equal("uploading", await cluster.StatusAsync(id));
        await agent.StartAsync();

        await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await cluster.AssertInvariantsAsync();
        Assert.Equal(["attempt", "zeros"], Directory.GetFileSystemEntries(cluster["out-big"]).Select(Path.GetFileName).Order());
    }
}
