using Scitq.Agent.Attempts;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;

namespace Scitq.Tests.Unit.Agent;

/// <summary>What the end of a command means, cause by cause.</summary>
[Trait("Level", "Unit")]
public sealed class JudgeTests
{
    private const string Lost = "some of what the command printed to stdout may be lost: the worker's disk was full while it ran";

    [Fact]
    public void A_command_that_ends_with_0_did_what_it_should()
    {
        var verdict = Judge.Of(End(0));
        Assert.Null(verdict.Failure);
        Assert.Null(verdict.Reason);
        Assert.Null(verdict.Note);
        Assert.Empty(verdict.Warnings);
    }

    [Fact]
    public void Another_exit_code_is_a_failure_that_names_it_and_how_long_the_command_ran() =>
        AssertFails(FailureClass.Exit, "the command ended with exit code 3 after 5.0s", End(3));

    [Fact]
    public void A_signal_is_named() => AssertFails(FailureClass.Exit, "the command ended with exit code 139 (signal SIGSEGV) after 5.0s", End(139));

    [Fact]
    public void A_run_timeout_is_the_cause_whatever_the_command_made_of_it()
    {
        const string reason = "the command was stopped after its run timeout of 60 s";
        AssertFails(FailureClass.Timeout, reason, End(0) with { TimedOut = true });
        AssertFails(FailureClass.Timeout, reason, End(143) with { TimedOut = true, DiskWasFull = true });
        AssertFails(FailureClass.Timeout, reason, End(null) with { TimedOut = true });
    }

    [Fact]
    public void A_command_that_filled_the_disk_is_told_so_also_in_its_stderr()
    {
        var verdict = Judge.Of(End(143) with { OutOfRoom = "it filled the disk", TimedOut = true });
        Assert.Equal((FailureClass.Disk, "it filled the disk", "it filled the disk"), (verdict.Failure, verdict.Reason, verdict.Note));
    }

    [Fact]
    public void A_failure_on_a_full_disk_is_the_disks()
    {
        var verdict = Judge.Of(End(1) with { DiskWasFull = true });
        Assert.Equal(FailureClass.Disk, verdict.Failure);
        Assert.Equal("the command ended with exit code 1 after 5.0s, and the worker's disk was full while it ran", verdict.Reason);
        Assert.Equal(verdict.Reason, verdict.Note);
    }

    [Fact]
    public void A_success_on_a_full_disk_is_a_success() => Assert.Null(Judge.Of(End(0) with { DiskWasFull = true }).Failure);

    [Fact]
    public void A_command_killed_for_want_of_memory_is_told_so_and_a_killed_child_is_a_warning()
    {
        var killed = Judge.Of(End(137, oom: true));
        Assert.Equal(FailureClass.Oom, killed.Failure);
        Assert.StartsWith("the kernel killed the command for want of memory after 5.0s", killed.Reason, StringComparison.Ordinal);
        var child = Judge.Of(End(0, oom: true));
        Assert.Null(child.Failure);
        Assert.StartsWith("the kernel killed a process of the command", Assert.Single(child.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_exit_code_it_is_what_the_runtime_says_and_else_lost()
    {
        AssertFails(FailureClass.Lost, "the command ended, but nobody knows how", End(null));
        AssertFails(FailureClass.Lost, "the machine was restarted", End(null, problem: "the machine was restarted"));
        AssertFails(FailureClass.Start, "no such file", End(null, problem: "no such file", failure: FailureClass.Start));
        AssertFails(FailureClass.Disk, "no such file", End(null, problem: "no such file", failure: FailureClass.Start) with { DiskWasFull = true });
    }

    [Fact]
    public void Output_that_may_be_lost_is_a_warning_and_with_strict_output_the_failure_of_a_success()
    {
        var lenient = Judge.Of(End(0) with { OutputLost = Lost });
        Assert.Null(lenient.Failure);
        Assert.Equal([Lost], lenient.Warnings);

        var strict = new TaskSpec { Argv = ["x"], StrictOutput = true };
        var verdict = Judge.Of(End(0) with { OutputLost = Lost, Spec = strict });
        Assert.Equal((FailureClass.Disk, $"{Lost} (--strict-output)", null), (verdict.Failure, verdict.Reason, verdict.Note));
        Assert.Equal(FailureClass.Exit, Judge.Of(End(3) with { OutputLost = Lost, Spec = strict }).Failure);
    }

    [Fact]
    public void What_the_runtime_could_not_do_is_a_warning() =>
        Assert.Equal(["no figures"], Judge.Of(End(0, problem: "no figures")).Warnings);

    [Fact]
    public void A_cancelled_command_is_not_judged()
    {
        var verdict = Judge.Of(End(143, oom: true, problem: "x") with { Cancelled = true, TimedOut = true, OutputLost = Lost, OutOfRoom = "y" });
        Assert.Null(verdict.Failure);
        Assert.Empty(verdict.Warnings);
    }

    private static CommandEnd End(int? code, bool oom = false, string? problem = null, FailureClass? failure = null) => new()
    {
        Spec = new TaskSpec { Argv = ["x"], RunTimeout = 60 },
        Exit = new RunExit(code, OomKilled: oom, Problem: problem, Failure: failure),
        Took = TimeSpan.FromSeconds(5),
    };

    private static void AssertFails(FailureClass failure, string reason, CommandEnd end)
    {
        var verdict = Judge.Of(end);
        Assert.Equal((failure, reason), (verdict.Failure, verdict.Reason));
    }
}
