using Scitq.Agent.Runtimes;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

/// <summary>With a stand-in for the driver's program.</summary>
[Trait("Level", "Unit")]
public sealed class NvidiaSmiTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData("""test "$*" = "--query-gpu=name --format=csv,noheader,nounits" && printf 'NVIDIA A100-SXM4-80GB\nNVIDIA T4\n'""",
        new[] { "NVIDIA A100-SXM4-80GB", "NVIDIA T4" })]
    [InlineData("echo 'NVIDIA-SMI has failed because it could not communicate with the driver.'; exit 9", new string[0])]
    public async Task The_drivers_program_is_asked(string script, string[] expected)
    {
        Directory.CreateDirectory(_folder["bin"]);
        await File.WriteAllTextAsync(_folder["bin/nvidia-smi"], $"#!/bin/sh\n{script}\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_folder["bin/nvidia-smi"], (UnixFileMode)0b111_101_101);
        Assert.Equal(expected, await NvidiaSmi.AskAsync($"{_folder["nowhere"]}:{_folder["bin"]}", "name", TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_the_program_there_are_none() =>
        Assert.Empty(await NvidiaSmi.AskAsync(_folder["nowhere"], "name", TestContext.Current.CancellationToken));
}
