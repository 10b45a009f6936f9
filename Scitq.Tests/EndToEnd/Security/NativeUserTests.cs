namespace Scitq.Tests.EndToEnd.Security;

/// <summary>Tasks that name nobody run with the rights of an account of their own.</summary>
[Trait("Level", "EndToEnd")]
public sealed class NativeUserTests : IAsyncDisposable
{
    private readonly SharedMachine _machine = new();

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    [Fact(Timeout = 120_000)]
    public async Task A_native_task_has_the_rights_of_the_account_for_tasks_and_its_data_come_and_go_by_the_agent()
    {
        // bin, which every Debian has.
        var shared = Directory.CreateDirectory(_machine["shared"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(shared, "in"), "given\n");
        await SharedMachine.ShellAsync(0, $"chown bin {shared}/in; chmod 600 {shared}/in");
        await _machine.StartAsync(options: ["--native-user", "bin", "--task-users", "daemon", "--file-roots", shared]);

        var run = await _machine.FollowAsync(
            "-i", $"file://{shared}/in", "-r", $"file://{shared}/in|mv:sub", "-o", $"file://{shared}/out/", "sh", "-c",
            "id -un; grep NoNewPrivs /proc/self/status; cat $INPUT/in $RESOURCE/sub/in; echo more >>$INPUT/in; echo x >$OUTPUT/x; echo again >>/dev/stderr; "
                + "touch /root/x 2>/dev/null || echo no");
        Assert.Equal("bin\nNoNewPrivs:\t1\ngiven\ngiven\nno\n", run.Success());
        Assert.Contains("again", run.Error);
        Assert.Equal("root 644\n", await SharedMachine.ShellAsync(0, $"stat -c '%U %a' {shared}/out/x"));

        // One after the other, in directories that are used again.
        for (var i = 0; i < 3; i++)
            Assert.Equal("bin 0\n", (await _machine.FollowAsync("sh", "-c", "echo $(id -un) $(ls -A $INPUT $OUTPUT $TEMP | grep -c '^x$')")).Success());

        Assert.Equal("daemon\n", (await _machine.FollowAsync("-u", "1", "id", "-un")).Success());
        foreach (var refused in (string[][])[["-u", "0"], ["-u", "3"], ["-g", "0"]])
        {
            var tried = await _machine.FollowAsync([.. refused, "id"]);
            Assert.NotEqual(0, tried.Code);
            Assert.Equal("", tried.Out);
        }

        Assert.Contains("--task-users", (await _machine.FollowAsync("-u", "0", "id")).Error);
        Assert.NotEqual(0, (await _machine.FollowAsync("-i", "file:///etc/shadow", "true")).Code);
        Assert.NotEqual(0, (await _machine.FollowAsync("-o", "file:///etc/cron.d/", "sh", "-c", "echo x >$OUTPUT/scitq-test")).Code);
        Assert.False(File.Exists("/etc/cron.d/scitq-test"));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_account_that_is_not_there_or_out_of_reach_is_refused_at_the_start()
    {
        foreach (var (options, expected) in ((string[], string)[])[
            (["--native-user", "no-such-account"], "no account 'no-such-account'"), (["--task-users", "daemon,nobodyatall"], "no account 'nobodyatall'"),
            (["--task-umask", "9"], "octal")])
        {
            var run = await Acceptance.ToolOutput.RunAsync(Path.Combine(Servers.TestEnvironment.Bin, "scitq-standalone"),
                ["--data", _machine["refused"], .. options], new Dictionary<string, string?>());
            Assert.Equal(2, run.Code);
            Assert.Contains(expected, run.Error);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Limits_of_tasks_are_options_and_a_task_that_meets_one_is_told()
    {
        await _machine.StartAsync(options: ["--native-user", "root", "--task-pids", "60", "--task-memory", "67108864", "--task-umask", "027"]);
        Assert.DoesNotContain("Native tasks run as root", _machine.Log, StringComparison.Ordinal);
        Assert.Equal("0027\n", (await _machine.FollowAsync("sh", "-c", "umask")).Success());
        if (_machine.Log.Contains("control groups", StringComparison.Ordinal)) Assert.Skip("No control groups here.");
        Assert.Equal(137, (await _machine.FollowAsync("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1")).Code);
        Assert.Contains("Resource temporarily unavailable", (await _machine.FollowAsync("bash", "-c", "for i in {1..80}; do sleep 1 & done; exit 1")).Error,
            StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task That_tasks_are_root_is_said_once()
    {
        await _machine.StartAsync();
        (await _machine.FollowAsync("true")).Success();
        Assert.Single(_machine.Log.Split('\n'), line => line.Contains("Native tasks run as root", StringComparison.Ordinal));
    }
}
