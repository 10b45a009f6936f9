using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Docker;

[Trait("Level", "Unit")]
public sealed class ExitRecordTests
{
    // More than any block written before may have room for.
    private static readonly string Large = new('x', 3_000_000);

    [Fact(Timeout = 60_000)]
    public void A_record_or_a_secret_that_does_not_reach_the_disk_is_none()
    {
        using var disk = new ThinDisk();
        var (lease, directory) = (Guid.NewGuid(), new WorkDirectory(Path.Combine(disk.Path, "attempt")));
        directory.Create(Ownership.Own);
        disk.Break();
        Assert.Throws<IOException>(() => new ExitRecord(lease, DateTime.UnixEpoch, new RunExit(0, Problem: Large)).Save(directory));
        Assert.Null(ExitRecord.Find(directory, lease));

        var secrets = Directory.CreateDirectory(Path.Combine(disk.Path, "secrets")).FullName;
        Assert.Throws<IOException>(() => SecretFile.Write(Path.Combine(secrets, "token"), Large, replace: true));
        Assert.Empty(Directory.EnumerateFiles(secrets));
    }
}
