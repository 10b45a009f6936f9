using Scitq.Agent;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class AgentArgumentsTests
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
        Assert.Null(AgentArguments.Read(["--fetch-addresses", "some"], out var exitCode));
        Assert.Equal(2, exitCode);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("/data:")]
    [InlineData("/data:../x")]
    public void A_root_that_is_no_absolute_path_is_refused(string roots)
    {
        Assert.Null(AgentArguments.Read(["--file-roots", roots], out var exitCode));
        Assert.Equal(2, exitCode);
    }

    private static AgentOptions Read(params string[] args) => AgentArguments.Read(args, out _)!.Value.Options;
}
