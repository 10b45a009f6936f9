using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>What the whole process allocates is counted, so no other test may run beside.</summary>
[Trait("Level", "Integration")]
[Collection(nameof(Alone))]
public sealed class DockerMemoryTests(DockerFixture docker) : IClassFixture<DockerFixture>
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task Bytes_arrive_as_they_were_printed_however_many()
    {
        var request = docker.Shell("cat /input/random; printf '\\377\\376\\000' >&2");
        var random = new byte[60_000_000];
        new Random(1).NextBytes(random);
        await File.WriteAllBytesAsync(Path.Combine(request.Directory.Input, "random"), random);
        var before = GC.GetTotalAllocatedBytes();
        await using var run = await docker.Runtime().StartAsync(request, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await run.Exit).ExitCode);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 20_000_000);
        var kept = await File.ReadAllBytesAsync(request.Directory.Stdout);
        Assert.True(random.AsSpan().SequenceEqual(kept));
        Assert.Equal([0xFF, 0xFE, 0x00], await File.ReadAllBytesAsync(request.Directory.Stderr));
    }
}
