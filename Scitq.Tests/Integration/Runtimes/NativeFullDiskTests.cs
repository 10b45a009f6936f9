using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>Commands whose work directory has no room.</summary>
[Trait("Level", "Integration")]
public sealed class NativeFullDiskTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_command_that_never_ran_has_no_exit_code()
    {
        using var disk = new ScratchDisk(1);
        using var runtime = new NativeRuntime(new NativeOptions { CgroupName = "scitq-tests" }, TimeProvider.System, NullLogger<NativeRuntime>.Instance);
        var key = new AttemptKey(Guid.CreateVersion7(), 1, Guid.NewGuid());
        var directory = new WorkDirectory(disk["attempt"]);
        directory.Create(Ownership.Own);
        disk.Fill();
        await using var run = await runtime.StartAsync(
            new RunRequest { Key = key, Number = 17, Worker = "w1", Spec = new TaskSpec { Argv = ["touch", "ran"] }, Directory = directory, Cpu = 1 },
            NativeRuns.Ignore, TestContext.Current.CancellationToken);
        var exit = await run.Exit.WaitAsync(NativeRuns.Patience, TestContext.Current.CancellationToken);
        Assert.Equal((null, FailureClass.Start), (exit.ExitCode, exit.Failure));
        Assert.False(File.Exists(Path.Combine(directory.Temp, "ran")));
    }
}
