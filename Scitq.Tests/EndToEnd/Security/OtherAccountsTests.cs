using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Security;

/// <summary>What another account of the worker can do to Scitq and its tasks: nothing.</summary>
[Trait("Level", "EndToEnd")]
public sealed class OtherAccountsTests : IAsyncDisposable
{
    private const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;
    private readonly SharedMachine _machine = new();

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    [Theory(Timeout = 120_000)]
    [InlineData(null)]
    [InlineData(SharedMachine.AgentUid)]
    public async Task Another_account_can_neither_read_nor_change_anything_of_tasks_natively_and_in_containers(int? agent)
    {
        // As an earlier version has left it.
        foreach (var directory in (string[])["data/work/tasks", "data/work/failed/1-1-00000000/output", "data/work/resources", "data/logs/aa", "home"])
            Directory.CreateDirectory(_machine[directory]);
        foreach (var file in (string[])[
            "data/work/journal", "data/work/lock", "data/scitq.db", "data/logs/aa/1.stdout", "data/work/failed/1-1-00000000/output/x"])
            File.WriteAllText(_machine[file], "");
        await SharedMachine.ShellAsync(0, $"chmod -R a+rwX {_machine.Data}; chown -R {agent ?? 0} {_machine.Data} {_machine["home"]}");
        await _machine.StartAsync(agent);

        List<(string Directory, Func<Task> End)> running = [await _machine.WaitingAsync("-e", "SECRET=hidden")];
        if (agent is null) running.Add(await _machine.WaitingAsync("-u", "1", "-i", $"file://{Input()}"));
        if (TestEnvironment.Optional("SCITQ_TEST_DOCKER") is not null) running.Add(await _machine.WaitingAsync("-d", DockerFixture.Image));
        await _machine.FollowAsync("sh", "-c", "echo kept >$OUTPUT/x; chmod -R 777 $OUTPUT; exit 3");

        Assert.NotEmpty(await _machine.OpenToAsync(0, _machine.Data));
        Assert.Empty(await _machine.OpenToAsync(SharedMachine.Stranger, _machine.Data));
        foreach (var (directory, _) in running)
        {
            // Also who knows the names, as ps shows them.
            Assert.Equal("",
                await SharedMachine.ShellAsync(SharedMachine.Stranger,
                $"cd {directory}/output && echo entered; ln -s /etc/passwd {directory}/output/link && echo planted; cat {directory}/control/stdout "
                + $"{directory}/output/result"));
        }

        foreach (var (_, end) in running) await end();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_command_keeps_an_ordinary_umask_and_what_it_delivers_is_as_readable_as_it_made_it()
    {
        await _machine.StartAsync();
        var output = _machine["out"];
        (await _machine.FollowAsync("-o", $"file://{output}/deep/", "sh", "-c", "umask; mkdir $OUTPUT/sub; echo 1 >$OUTPUT/sub/x")).Success();
        Assert.Equal("0755 0755 0755 0644\n", await SharedMachine.ShellAsync(0, $"cd {output}; echo $(stat -c 0%a . deep deep/sub deep/sub/x)"));
        Assert.Equal("1\n", await SharedMachine.ShellAsync(SharedMachine.Stranger, $"cat {output}/deep/sub/x"));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_set_uid_program_or_a_device_that_a_container_makes_does_not_outlive_it()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        await _machine.StartAsync();
        var output = _machine["out"];
        const string Make = "cp /bin/busybox /output/su; chmod 6755 /output/su; cp /output/su /tmp/su; chmod 4755 /tmp/su; mknod /output/disk b 8 0; chmod "
            + "666 /output/disk; mkdir /output/d; chmod 2777 /output/d; cp /bin/busybox /output/d/su; chmod 4755 /output/d/su";
        (await _machine.FollowAsync("-d", DockerFixture.Image, "-o", $"file://{output}/", "-O", "--cap-add MKNOD", "sh", "-c", Make)).Success();
        Assert.Equal(["su", "d/su"], Directory.GetFiles(output, "su", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(output, f))
            .OrderBy(f => f.Length));
        Assert.Equal("", await SharedMachine.ShellAsync(0, $"find {output} -perm /6000; find {output} -type b"));

        // Kept after a failure, for its user to look at.
        Assert.Equal(3, (await _machine.FollowAsync("-d", DockerFixture.Image, "-O", "--cap-add MKNOD", "sh", "-c", Make + "; exit 3")).Code);
        await Eventually.Async(() => Directory.GetDirectories(Path.Combine(_machine.Data, "work/failed")).Length == 1, "the directory is kept");
        Assert.Equal("", await SharedMachine.ShellAsync(0, $"find {_machine.Data} -type f -perm /6000; find {_machine.Data} -type b"));

        // Who does not ask for it can't make a device at all.
        Assert.NotEqual(0, (await _machine.FollowAsync("-d", DockerFixture.Image, "mknod", "/output/disk", "b", "8", "0")).Code);
    }

    [Fact(Timeout = 120_000)]
    public async Task Secrets_of_the_environment_are_not_to_be_read_off_the_process()
    {
        Directory.CreateDirectory(_machine["home"]);
        await SharedMachine.ShellAsync(0, $"mkdir {_machine.Data}; chown {SharedMachine.AgentUid} {_machine.Data} {_machine["home"]}");
        await _machine.StartAsync(SharedMachine.AgentUid,
            environment: new Dictionary<string, string?>
                { ["AWS_SECRET_ACCESS_KEY"] = "canary1", ["MY_PROXY"] = "http://u:canary2@host/", ["PLAIN"] = "seen" });
        var environment = await File.ReadAllTextAsync($"/proc/{_machine.Pid}/environ");
        Assert.Contains("PLAIN=seen", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", environment, StringComparison.Ordinal);
        // Not even for the account it runs as, whose tasks these are.
        Assert.Equal("denied\n", (await _machine.FollowAsync("sh", "-c", $"cat /proc/{_machine.Pid}/environ >/dev/null 2>&1 || echo denied")).Out);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_fetched_of_this_machine_for_another_account_is_what_that_account_may_read()
    {
        await _machine.StartAsync();
        var folder = Directory.CreateDirectory(_machine["shared"]).FullName;
        File.WriteAllText(Path.Combine(folder, "own"), "own\n");
        File.WriteAllText(Path.Combine(folder, "roots"), "roots\n");
        await SharedMachine.ShellAsync(0,
            $"cd {folder}; chown 1:1 own; chmod 600 own roots; ln -s roots link; mkdir open; echo x >open/x; mkdir -m 700 closed; echo x >closed/x; chmod 755 "
            + $". open");
        Assert.Equal("own\n", (await _machine.FollowAsync("-u", "1", "-i", $"file://{folder}/own", "sh", "-c", "cat $INPUT/own")).Success());
        Assert.Equal("x\n",
            (await _machine.FollowAsync("-u", "1", "-i", $"file://{folder}/open/", "-r", $"file://{folder}/own", "sh", "-c",
            "cat $INPUT/x; test -r $RESOURCE/own")).Success());
        foreach (var (option, name) in ((string, string)[])[
            ("-i", "roots"), ("-i", "link"), ("-i", "closed/x"), ("-i", "closed/"), ("-i", ""), ("-r", "roots")])
        {
            var run = await _machine.FollowAsync("-u", "1", option, $"file://{folder}/{name}", "true");
            Assert.NotEqual(0, run.Code);
            Assert.Contains("uid 1, as whom the task runs, may not read", run.Error, StringComparison.Ordinal);
        }

        Assert.Equal("roots\n", (await _machine.FollowAsync("-i", $"file://{folder}/roots", "sh", "-c", "cat $INPUT/roots")).Success());
    }

    private string Input()
    {
        var file = _machine["input"];
        File.WriteAllText(file, "given");
        return file;
    }
}
