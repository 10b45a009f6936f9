using System.Text;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Xunit;

namespace Scitq.Tests.Integration.Runtimes;

[Trait("Level", "Integration")]
public sealed class NativeContextTests : IDisposable
{
    private readonly NativeRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task The_environment_is_what_is_promised_and_nothing_of_the_agents_own()
    {
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "canary");
        var request = _runs.Request(new TaskSpec { Argv = ["env"], Env = new Dictionary<string, string> { ["MODE"] = "a b\nc", ["LANG"] = "C", ["c"] = "1" } });
        var (_, printed, _) = await _runs.RunAsync(request);
        string[] expected =
        [
            .. new Dictionary<string, string>
            {
                ["INPUT"] = request.Directory.Input, ["OUTPUT"] = request.Directory.Output, ["RESOURCE"] = request.Directory.Resource,
                ["TEMP"] = request.Directory.Temp, ["TMPDIR"] = request.Directory.Temp, ["PWD"] = request.Directory.Temp, ["CPU"] = "2",
                ["PATH"] = TaskEnvironment.DefaultPath, ["HOME"] = Accounts.User(Posix.geteuid())!.Value.Home, ["LANG"] = "C",
                ["SCITQ_TASK_ID"] = "17", ["SCITQ_TASK"] = request.Key.TaskId.ToString(), ["SCITQ_ATTEMPT"] = "1",
                ["SCITQ_BATCH"] = "Default", ["SCITQ_WORKER"] = "w1", ["SCITQ_LEASE"] = request.Key.Lease.ToString(), ["MODE"] = "a b\nc", ["c"] = "1",
            }.Select(v => $"{v.Key}={v.Value}"),
        ];
        // Some shells add these two.
        var lines = printed.Split('\n').Where(l => !l.StartsWith("_=", StringComparison.Ordinal) && !l.StartsWith("SHLVL=", StringComparison.Ordinal));
        Assert.Equal(string.Join('\n', expected).Split('\n').Order(StringComparer.Ordinal), lines.Where(l => l.Length > 0).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task Nothing_is_inherited_but_three_streams_and_default_signals()
    {
        // The shell looks at itself: while it starts another program, it blocks all signals.
        var (_, printed, _) = await _runs.RunAsync("sh", "-c",
            "ls /proc/$$/fd; while read -r l; do case $l in SigBlk*|SigIgn*) echo \"$l\";; esac; done </proc/$$/status; readlink /proc/$$/fd/0; pwd; cat "
            + "/proc/$$/oom_score_adj");
        var lines = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The C library keeps 32 and 33 to itself.
        Assert.Equal(["0", "1", "2", "SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "/dev/null"], lines[..6]
            .Select(l => l.Replace("180000000", "000000000", StringComparison.Ordinal)));
        Assert.EndsWith("/tmp", lines[6], StringComparison.Ordinal);
        Assert.Equal("500", lines[7]);
    }

    [Fact(Timeout = 60_000)]
    public async Task Streams_are_kept_byte_for_byte()
    {
        var request = _runs.Request("sh", "-c", @"printf '\377\376\000A'; head -c 1000000 /dev/zero; printf '\377\376err' >&2");
        await _runs.RunAsync(request);
        byte[] start = [0xff, 0xfe, 0, (byte)'A'];
        var (printed, error) = (await File.ReadAllBytesAsync(request.Directory.Stdout), await File.ReadAllBytesAsync(request.Directory.Stderr));
        Assert.True(printed.AsSpan().SequenceEqual((byte[])[.. start, .. new byte[1_000_000]]));
        Assert.True(error.AsSpan().SequenceEqual((byte[])[0xff, 0xfe, .. Encoding.ASCII.GetBytes("err")]));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(1, 65534, "1 65534")]
    [InlineData(1, null, "1 1")]
    [InlineData(null, 2, "0 2")]
    public async Task A_command_runs_as_the_ids_asked_for(int? uid, int? gid, string expected)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may take other ids.");
        var spec = new TaskSpec
            { Argv = ["sh", "-c", "echo $(id -u) $(id -g); id -G; touch $OUTPUT/o $TEMP/t; echo again >>/dev/stderr; exit 127"], Uid = uid, Gid = gid };
        var request = _runs.Request(spec);
        var (exit, printed, error) = await _runs.RunAsync(request);
        Assert.Equal((127, expected + "\n" + expected.Split(' ')[1] + "\n", "again\n"), (exit.ExitCode, printed, error));
        Assert.True(File.Exists(Path.Combine(request.Directory.Output, "o")));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_user_who_cannot_reach_the_work_directory_is_told_so()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may take other ids.");
        var request = _runs.Request(new TaskSpec { Argv = ["id"], Uid = 1 });
        File.SetUnixFileMode(request.Directory.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (exit, output, error) = await _runs.RunAsync(request);
        Assert.Equal((null, FailureClass.Start, ""), (exit.ExitCode, exit.Failure, output));
        Assert.Contains("this user cannot enter " + request.Directory.Root, error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_uid_this_machine_does_not_have_is_refused()
    {
        var request = _runs.Request(new TaskSpec { Argv = ["id"], Uid = 4242 });
        var e = await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(request));
        Assert.Equal(FailureClass.Start, e.Failure);
        Assert.Contains("no such uid 4242", e.Message, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(_runs.Request(new TaskSpec { Argv = ["id"], Gid = 4243 })));
        Assert.Contains("no such gid 4243", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_program_another_user_may_not_execute_fails_to_start()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may take other ids.");
        var request = _runs.Request(new TaskSpec { Argv = ["./mine"], Uid = 1 });
        var program = Path.Combine(request.Directory.Temp, "mine");
        File.Copy("/bin/true", program);
        File.SetUnixFileMode(program, (UnixFileMode)0b111_000_000);
        var (exit, _, error) = await _runs.RunAsync(request);
        Assert.Equal((null, FailureClass.Start), (exit.ExitCode, exit.Failure));
        Assert.Contains("mine", error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_variable_no_shell_can_hand_on_is_refused()
    {
        var spec = new TaskSpec { Argv = ["env"], Env = new Dictionary<string, string> { ["a.b"] = "1" } };
        Assert.Contains("'a.b'", (await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(_runs.Request(spec)))).Message, StringComparison.Ordinal);
    }
}
