using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>Where a person looks when data can't be moved, the reason is.</summary>
[Trait("Level", "EndToEnd")]
public sealed class TroubleTests(EmbeddedSystem system)
{
    [Fact(Timeout = 120_000)]
    public async Task A_failed_upload_is_the_last_line_of_stderr_and_of_the_tool()
    {
        var folder = system.Folder[$"gone-{Guid.NewGuid():N}"];
        var run = await system.FollowAsync("-o", $"file://{folder}/", "sh", "-c", $"echo mine >&2; echo x >$OUTPUT/x; touch {folder}");
        Assert.Equal(125, run.Code);
        // Beside them the tool notes what the worker does, which it hears another way.
        var lines = run.Error.TrimEnd().Split('\n').Where(line => !line.StartsWith("[worker ", StringComparison.Ordinal)).ToArray();
        Assert.Contains("failed: ", lines[^1], StringComparison.Ordinal);
        Assert.StartsWith("scitq: the output could not be delivered: ", lines[^2], StringComparison.Ordinal);
        Assert.Contains("mine", lines);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_earlier_attempts_left_in_the_output_folder_is_listed_as_not_its_own()
    {
        var folder = system.Folder[$"two-{Guid.NewGuid():N}"];
        var run = await system.LaunchAsync("--wait", "--retry", "1", "-o", $"file://{folder}/", "sh", "-c",
            "mkdir -p $OUTPUT/d; echo same >$OUTPUT/same; echo $$ >$OUTPUT/d/$$; test -e $TEMP/../../../../go");
        Assert.Equal(1, run.Code);
        var first = Directory.GetFiles($"{folder}/d").Select(Path.GetFileName).ToHashSet();
        Assert.Equal(2, first.Count);
        var attempts = (await system.TaskAsync(run.TaskId)).GetProperty("attempts");
        var own = attempts[1].GetProperty("outputs").EnumerateArray().Select(o => o.GetProperty("name").GetString()).ToList();
        var left = Assert.Single(first, name => !own.Contains($"d/{name}"));
        Assert.Empty(attempts[0].GetProperty("warnings").EnumerateArray());
        Assert.Contains($"1 file that is not of this attempt, but of an earlier one or of another task: d/{left}",
            Assert.Single(attempts[1].GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_refused_connection_is_in_the_phase_and_the_download_timeout_is_kept()
    {
        var uri = $"http://127.0.0.1:{TestPorts.Free()}/x";
        var id = (await system.LaunchAsync("-i", uri, "true")).TaskId;
        var phase = (await system.TaskAsync(id, t => t.GetProperty("phase")
            .GetString()?.Contains("try 2 of 10: ", StringComparison.Ordinal) == true, "tells its tries")).GetProperty("phase").GetString();
        Assert.Contains("refused", phase, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(" of 10: ", (await system.ManageAsync("task", "explain", $"{id}")).Success(), StringComparison.Ordinal);
        (await system.ManageAsync("task", "cancel", $"{id}")).Success();

        var run = await system.FollowAsync("-i", uri, "-r", uri, "-o", $"file://{system.Folder["unused"]}/", "--download-timeout", "8", "true");
        Assert.Contains(" of 10: ", run.Error, StringComparison.Ordinal);
        var task = await system.TaskAsync(run.TaskId);
        Assert.Equal("download", task.GetProperty("failure_class").GetString());
        Assert.InRange((task.GetProperty("finished").GetDateTime() - task.GetProperty("accepted").GetDateTime()).TotalSeconds, 8, 25);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_never_answers_is_given_up_at_the_timeout()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var time = Stopwatch.StartNew();
        var run = await ToolOutput.RunAsync(
            Path.Combine(TestEnvironment.Bin, "scitq-launch"), ["--timeout", "2s", "-s", $"http://{deaf.LocalEndpoint}", "true"],
            new Dictionary<string, string?>());
        Assert.Equal(5, run.Code);
        Assert.InRange(time.Elapsed.TotalSeconds, 1, 7);
    }
}
