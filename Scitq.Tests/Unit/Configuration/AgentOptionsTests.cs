using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Scitq.Agent;
using Scitq.Hosting.Configuration;

namespace Scitq.Tests.Unit.Configuration;

[Trait("Level", "Unit")]
public sealed class AgentOptionsTests
{
    [Fact]
    public void File_is_limited_where_commands_are()
    {
        Assert.Empty(Read().EffectiveFileRoots);
        Assert.Equal(["/data"], Read("--native-tasks", "false").EffectiveFileRoots);
        Assert.Equal(["/a", "/b c"], Read("--file-roots", "/a:/b c").EffectiveFileRoots);
        Assert.Equal(["/"], Read("--native-tasks", "false", "--file-roots", "/").EffectiveFileRoots);
    }

    [Fact]
    public void Addresses_are_limited_where_commands_are()
    {
        Assert.False(Read().OnlyPublicAddresses);
        Assert.True(Read("--native-tasks", "false").OnlyPublicAddresses);
        Assert.False(Read("--native-tasks", "false", "--fetch-addresses", "any").OnlyPublicAddresses);
        Assert.True(Read("--fetch-addresses", "public").OnlyPublicAddresses);
    }

    [Fact]
    public void Every_option_reaches_its_property_with_its_unit()
    {
        var options = Read(
            "--name", "w", "--batch", "b", "--concurrency", "3", "--prefetch=2", "--work-dir", "/w", "--bus", "amqp://u:p@h/v", "--takeover", "--runtime",
            "noop",
            "--docker-options", "restricted", "--task-umask", "027", "--task-pids", "0", "--task-memory", "5000000000", "--task-cpus", "1.5",
            "--transfer-attempts", "4",
            "--transfer-idle-seconds", "7", "--drain-timeout", "0.5", "--stop-grace", "0", "--resume-timeout", "30", "--keep-failed", "1.5", "--output-cap",
            "65536", "--disk-reserve", "1",
            "--disk-high", "100", "--heartbeat-seconds", "0.02", "--lease-seconds", "60", "--secrets", "s");
        Assert.Equal(("w", "b", 3, 2, "/w", "amqp://u:p@h/v"),
            (options.Name, options.Batch, options.Concurrency, options.Prefetch, options.WorkDir, options.Bus));
        Assert.Equal((true, "noop", "restricted", 0b000_010_111, 0, 5_000_000_000),
            (options.Takeover, options.Runtime, options.DockerOptions, options.TaskUmask, options.TaskPids, options.TaskMemory));
        Assert.Equal((1.5, 4, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(0.5)),
            (options.TaskCpus, options.TransferAttempts, options.TransferIdle, options.DrainTimeout));
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(30), TimeSpan.FromDays(1.5)), (options.StopGrace, options.ResumeTimeout, options.KeepFailed));
        Assert.Equal((65536, 1, 100), (options.OutputCap, options.DiskReserve, options.DiskHigh));
        Assert.Equal((TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(60)), (options.Heartbeat, options.LeaseTime));
        Assert.Equal(Path.GetFullPath("s"), options.SecretsPath);
        Assert.Null(Read().DrainTimeout);
        Assert.Null(Read().TaskUsers);
    }

    [Theory]
    [InlineData("--fetch-addresses 'some' is neither any nor public.", "--fetch-addresses", "some")]
    [InlineData("--file-roots 'data' is not an absolute path.", "--file-roots", "data")]
    [InlineData("--file-roots '' is not an absolute path.", "--file-roots", "/data:")]
    [InlineData("--file-roots '../x' is not an absolute path.", "--file-roots", "/data:../x")]
    [InlineData("--task-umask '9' is not an octal number such as 022.", "--task-umask", "9")]
    [InlineData("--native-tasks 'perhaps' is neither true nor false.", "--native-tasks", "perhaps")]
    [InlineData("--concurrency '-1' is not a whole number.", "--concurrency", "-1")]
    [InlineData("--concurrency 10001 is not from 0 to 10000.", "--concurrency", "10001")]
    [InlineData("--lease-seconds 3601 is not from 0.1 to 3600.", "--lease-seconds", "3601")]
    [InlineData("--keep-failed 4000 is not from 0 to 3650.", "--keep-failed", "4000")]
    [InlineData("--keep-failed 10675199 is not from 0 to 3650.", "--keep-failed", "999999999")]
    [InlineData("--name '' is not 1 to 100 letters", "--name", "")]
    [InlineData("--name 'a b' is not 1 to 100 letters, digits, '.', '_' or '-'.", "--name", "a b")]
    [InlineData("--lease-seconds 8 is less than two heartbeats", "--lease-seconds", "8")]
    [InlineData("no account 'nobodyatall'", "--task-users", "daemon,nobodyatall")]
    [InlineData("--storage: the file '/nowhere/storage.json' can't be read", "--storage", "/nowhere/storage.json")]
    [InlineData("nowhere/bus", "--bus-file", "/nowhere/bus")]
    [InlineData("unknown option --work-dri: did you mean --work-dir?", "--work-dri", "x")]
    [InlineData("unknown option --xyzzyxyzzy (see --help).", "--xyzzyxyzzy", "x")]
    [InlineData("unknown option --Tasks:MaxLosses (see --help).", "--Tasks:MaxLosses", "3")]
    [InlineData("--Logging:LogLevel:Default 'Debugg' is none of Trace, Debug,", "--Logging:LogLevel:Default", "Debugg")]
    [InlineData("option --name needs a value.", "--name")]
    [InlineData("'name' is not an option (see --help).", "name")]
    public void A_bad_option_is_refused_by_its_name(string expected, params string[] args) =>
        Assert.Contains(expected, Assert.ThrowsAny<Exception>(() => Read(args)).Message, StringComparison.Ordinal);

    private static AgentOptions Read(params string[] args)
    {
        var services = new ServiceCollection().AddSingleton<IConfiguration>(AgentProgram.Service.Read(args));
        services.AddServiceOptions<AgentOptions>();
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
        return provider.GetRequiredService<AgentOptions>();
    }
}
