using System.Text.Json;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>An upload that failed is retried, and everything dies meanwhile: the output is delivered, and the command has run once.</summary>
[Trait("Level", "EndToEnd")]
public sealed class UploadRetryTests
{
    private const int Limit = 420_000;

    [Fact(Timeout = Limit)]
    public async Task A_retried_upload_outlives_the_coordinator_and_its_agent()
    {
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        var id = await FailedAsync(cluster);

        await RetryAsync(cluster, id);
        await cluster.KillCoordinatorAsync();
        await cluster.StartCoordinatorAsync();
        await cluster.WaitForAsync(id, "uploading", attempt: 2);
        await agent.KillAsync();
        Assert.Equal("uploading", await cluster.StatusAsync(id));
        await agent.StartAsync();

        var task = await cluster.WaitForAsync(id, "succeeded", attempt: 2);
        Assert.Equal((0, 1), (task.GetProperty("exit_code").GetInt32(), task.GetProperty("redelivers").GetInt32()));
        Assert.Equal([("big", 1)], await cluster.LedgerAsync());
        await cluster.AssertInvariantsAsync();
        Assert.Empty(Directory.GetDirectories(Path.Combine(agent.WorkDir, "failed")));
    }

    [Fact(Timeout = Limit)]
    public async Task Output_that_found_its_disk_full_is_delivered_once_there_is_room()
    {
        using var disk = new ScratchDisk(100);
        await using var cluster = await Cluster.StartAsync();
        var agent = await cluster.StartAgentAsync("a");
        await using (var other = File.Create(disk["other"])) await other.WriteAsync(new byte[60 << 20]);
        var id = await cluster.SubmitAsync(cluster.Delivering("big", megabytes: 70) with { Output = DataUri.Parse($"file://{disk["out"]}/") });
        var failed = await cluster.WaitForAsync(id, "failed");
        Assert.Equal(("disk", 0), (failed.GetProperty("failure_class").GetString(), failed.GetProperty("exit_code").GetInt32()));

        // Still full: it fails again, and the output stays.
        await RetryAsync(cluster, id);
        var again = await cluster.WaitForAsync(id, "failed", attempt: 2);
        Assert.Contains("No space left", again.GetProperty("reason").GetString(), StringComparison.Ordinal);
        File.Delete(disk["other"]);
        await RetryAsync(cluster, id);
        await cluster.WaitForAsync(id, "succeeded", attempt: 3);
        Assert.Equal(70 << 20, new FileInfo(disk["out/zeros"]).Length);
        Assert.Equal([("big", 1)], await cluster.LedgerAsync());
        await cluster.AssertInvariantsAsync();
        Assert.Empty(Directory.GetDirectories(Path.Combine(agent.WorkDir, "failed")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_worker_that_vanishes_in_a_retried_upload_still_has_the_output_when_it_is_back()
    {
        await using var cluster = await Cluster.StartAsync(new ClusterSetup { LostAfter = 9 });
        var agent = await cluster.StartAgentAsync("a");
        var id = await FailedAsync(cluster);
        await RetryAsync(cluster, id);
        await cluster.WaitForAsync(id, "uploading", attempt: 2);

        await agent.KillAsync();
        var lost = await cluster.WaitForAsync(id, "failed");
        Assert.Equal(("upload", 0), (lost.GetProperty("failure_class").GetString(), lost.GetProperty("infra_losses").GetInt32()));

        // Its lease is revoked when it is back, and what it had begun is stopped and put aside.
        await agent.StartAsync();
        await Eventually.Async(() =>
            Directory.GetDirectories(Path.Combine(agent.WorkDir, "tasks")).Length == 0, "the agent has put the output aside", Cluster.Patience);
        await RetryAsync(cluster, id);
        await cluster.WaitForAsync(id, "succeeded", attempt: 3);
        Assert.Equal([("big", 1)], await cluster.LedgerAsync());
        await cluster.AssertInvariantsAsync();
    }

    /// <summary>A task that has run, and one of whose files found a folder of its name.</summary>
    private static async Task<Guid> FailedAsync(Cluster cluster)
    {
        var wall = cluster["wall"];
        Directory.CreateDirectory($"{wall}/out/attempt/in-the-way");
        var id = await cluster.SubmitAsync(cluster.Delivering("big", megabytes: 700) with { Output = DataUri.Parse($"file://{wall}/out/") });
        var task = await cluster.WaitForAsync(id, "failed");
        Assert.Equal(("upload", 0), (task.GetProperty("failure_class").GetString(), task.GetProperty("exit_code").GetInt32()));
        Directory.Delete(wall, recursive: true);
        return id;
    }

    private static async Task RetryAsync(Cluster cluster, Guid id)
    {
        // The coordinator must have heard of a worker that has just started.
        await Eventually.Async(
            async () =>
            {
                using var response = await cluster.Client.PostAsync($"/api/v1/tasks/{id}/retry-upload", null);
                return response.IsSuccessStatusCode;
            },
            "the upload is retried", Cluster.Patience);
    }
}
