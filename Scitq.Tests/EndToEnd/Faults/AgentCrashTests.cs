using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>An agent that was killed finds on its disk whatever its death, its tasks or its administrator have left there.</summary>
[Trait("Level", "EndToEnd")]
public sealed class AgentCrashTests
{
    private const int Limit = 420_000;

    /// <summary>What there is of an attempt whose agent was killed on the way from its grant to its start.</summary>
    private static readonly (string Name, Action<string> Leave)[] CrashPoints =
    [
        ("granted", root => Directory.Delete(root, recursive: true)),
        ("root", root =>
        {
            Directory.Delete(root, recursive: true);
            Directory.CreateDirectory(root);
        }),
        ("half", root =>
        {
            Directory.Delete(Path.Combine(root, "control"), recursive: true);
            Directory.Delete(Path.Combine(root, "tmp"), recursive: true);
        }),
        ("no-control", root => Directory.Delete(Path.Combine(root, "control"), recursive: true)),
        ("staged", root => File.WriteAllText(Path.Combine(root, "input", "input"), "half of the in")),
        ("fence", root => File.WriteAllText(Path.Combine(root, "control", "started.1"), "never\n")),
        ("file", root =>
        {
            Directory.Delete(root, recursive: true);
            File.WriteAllText(root, "");
        }),
    ];

    [Fact(Timeout = Limit)]
    public async Task Killed_at_any_point_between_grant_and_start_an_agent_runs_each_attempt_once()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var source = await SlowSource.StartAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: CrashPoints.Length);
        var ids = await cluster.SubmitAsync([.. CrashPoints.Select(p => source.Task(p.Name))]);
        await source.AskedAsync(CrashPoints.Length);
        await agent.KillAsync();
        var tasks = (await cluster.QueryAsync("select number, name from task", r => (r.GetInt64(0), r.GetString(1)))).ToDictionary(t => t.Item2, t => t.Item1);
        foreach (var (name, leave) in CrashPoints) leave(Assert.Single(Directory.GetDirectories(Path.Combine(agent.WorkDir, "tasks"), $"{tasks[name]}-1-*")));

        await agent.StartAsync();
        source.Release();
        foreach (var id in ids)
        {
            await cluster.WaitForAsync(id, "succeeded", attempt: 1);
            Assert.Equal(SlowSource.Content, await cluster.OutputAsync(id));
        }

        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Killed_again_and_again_an_agent_loses_nothing()
    {
        var random = new Random(20261127);
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a", concurrency: 6, prefetch: 6);
        await cluster.SubmitAsync([.. Enumerable.Range(1, 120)
            .Select(i => i % 3 == 0 ? Tasks.Shell($"t{i}", "echo \"$NAME $SCITQ_ATTEMPT\" >>\"$LEDGER\"; sleep 0.3") : Tasks.Quick($"t{i}"))]);
        for (var round = 0; round < 12; round++)
        {
            await Task.Delay(random.Next(20, round % 3 == 0 ? 200 : 1500), TestContext.Current.CancellationToken);
            await agent.KillAsync();
            agent.Launch();
        }

        await cluster.AssertInvariantsAsync();
        Assert.Equal(0, await cluster.ScalarAsync("select count(*) from task where state <> 'succeeded'"));
    }

    [Fact(Timeout = Limit)]
    public async Task Killed_before_it_registers_however_often_an_agent_gets_its_name_back_at_once()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var id = await cluster.SubmitAsync(cluster.Held("held"));
        await cluster.WaitForStartAsync("held");
        var journal = Path.Combine(agent.WorkDir, "journal");
        await agent.KillAsync();
        for (var i = 0; i < 3; i++)
        {
            var before = await File.ReadAllTextAsync(journal, TestContext.Current.CancellationToken);
            agent.Launch();
            await Eventually.Async(() => File.Exists(journal) && File.ReadAllText(journal) != before, "it has begun", Cluster.Patience);
            await agent.KillAsync();
        }

        await agent.StartAsync();
        cluster.Release("held");
        await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await cluster.AssertInvariantsAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Nothing_that_a_task_leaves_keeps_its_agent_from_starting()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        const string deep = "perl -e '$n = \"n\" x 200; for (1..40) { mkdir $n; chdir $n }; mkdir \"\\377\\n\"; symlink \"..\", \"loop\"; chmod 0, \".\"'";
        var held = await cluster.SubmitAsync(Tasks.Shell("held",
            $"cd $OUTPUT && {deep}; cd $OUTPUT/.. && {deep}; echo $NAME $SCITQ_ATTEMPT >>$LEDGER; sleep 600"));
        await cluster.WaitForStartAsync("held");
        await agent.KillAsync();
        using (var perl = System.Diagnostics.Process.Start("/bin/sh",
            ["-c", $"cd $0 && mkdir 999-1-nobodys && cd 999-1-nobodys && {deep}", Path.Combine(agent.WorkDir, "tasks")]))
            await perl.WaitForExitAsync(TestContext.Current.CancellationToken);
        foreach (var name in (string[])["spare", "failed"]) Directory.Delete(Path.Combine(agent.WorkDir, name), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(agent.WorkDir, "failed"), "", TestContext.Current.CancellationToken);

        await agent.StartAsync();
        using var cancel = await cluster.Client.PostAsync($"/api/v1/tasks/{held}/cancel", null);
        Assert.True(cancel.IsSuccessStatusCode);
        await cluster.WaitForAsync(held, "cancelled");
        await cluster.AssertInvariantsAsync();
        await Eventually.Async(() =>
            Directory.GetFileSystemEntries(Path.Combine(agent.WorkDir, "aside")).Length == 0, "all of it is removed", Cluster.Patience);
    }

    [Fact(Timeout = Limit)]
    public async Task On_a_full_disk_an_agent_starts_says_why_it_takes_nothing_and_goes_on_with_space()
    {
        await using var cluster = await Cluster.StartAsync();
        using var disk = new ScratchDisk(megabytes: 2, at: cluster["work-a"]);
        var agent = await cluster.StartAgentAsync("a", concurrency: 1, prefetch: 0, "--disk-reserve", "0");
        await cluster.WaitForAsync(await cluster.SubmitAsync(Tasks.Quick("before")), "succeeded");
        await agent.KillAsync();
        disk.Fill();
        await agent.StartAsync();
        var ids = await cluster.SubmitAsync([.. Enumerable.Range(1, 5)
            .Select(i => Tasks.Quick($"t{i}") with { Argv = ["sh", "-c", $"echo $NAME $SCITQ_ATTEMPT >>$LEDGER # {new string('x', 9000)}"] })]);
        await Eventually.Async(async () =>
            await cluster.ScalarAsync("select count(*) from worker where hold like 'the journal can''t be written: No space left%'") == 1, "it says why",
            Cluster.Patience);
        disk.Free();
        foreach (var id in ids) await cluster.WaitForAsync(id, "succeeded", attempt: 1);
        await Eventually.Async(async () =>
            await cluster.ScalarAsync("select count(*) from worker where hold is null") == 1, "it takes tasks again", Cluster.Patience);
        Assert.InRange(agent.Process.Lines.Count, 1, 60);
        await cluster.AssertInvariantsAsync();
        await agent.KillAsync();
    }

    [Theory(Timeout = Limit)]
    [InlineData(12, 60)]
    [InlineData(25, 12)]
    public async Task An_agent_that_wakes_after_its_leases_goes_on_or_lets_go_as_it_is_told(int seconds, int lostAfter)
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { LostAfter = lostAfter });
        var agent = await cluster.StartAgentAsync("a", concurrency: 3);
        var held = await cluster.SubmitAsync(cluster.Held("held"));
        var delivering = await cluster.SubmitAsync(cluster.Delivering("big", megabytes: 300));
        await cluster.WaitForStartAsync("held");
        await cluster.WaitForStartAsync("big");
        await cluster.WaitForAsync(held, "running");
        agent.Freeze();
        // The length is the point: its leases lapse, or its coordinator loses it, by the clock alone.
        await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
        var lines = agent.Process.Lines.Count;
        agent.Thaw();

        var lost = seconds > lostAfter;
        if (lost) await cluster.WaitForStartAsync("held", attempt: 2);
        cluster.Release("held");
        await cluster.WaitForAsync(held, "succeeded", attempt: lost ? 2 : 1);
        await cluster.WaitForAsync(delivering, "succeeded");
        await cluster.AssertInvariantsAsync();
        var said = agent.Process.Lines.Skip(lines).ToList();
        Assert.DoesNotContain(said, l => l.Contains("Exception", StringComparison.Ordinal));
        Assert.InRange(said.Count, 0, 40);
    }
}
