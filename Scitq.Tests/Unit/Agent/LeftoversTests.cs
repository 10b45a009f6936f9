using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Disk;
using Scitq.Agent.Runtimes;
using Scitq.Tests.Servers;
using Scitq.Tests.Unit.Fetch;

namespace Scitq.Tests.Unit.Agent;

/// <summary>Nothing that tasks have left keeps an agent from its directories.</summary>
[Trait("Level", "Unit")]
public sealed class LeftoversTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 60_000)]
    public void A_start_sweeps_what_belongs_to_nobody_aside_and_removes_it_later()
    {
        var directories = Directories(out var leftovers);
        Directory.CreateDirectory(_folder["tasks/1-1-alive/output"]);
        HostileTree.Nest(_folder["tasks/2-1-deep"], 25, 200);
        HostileTree.Grow(_folder["tasks"], seed: 7, entries: 300, _folder["nowhere"]);
        HostileTree.Grow(_folder["spare"], seed: 8, entries: 300, _folder["nowhere"]);

        directories.Clean([_folder["tasks/1-1-alive"]]);
        Assert.Equal([_folder["tasks/1-1-alive"]], Directory.GetFileSystemEntries(_folder["tasks"]));
        Assert.Empty(Directory.GetFileSystemEntries(_folder["spare"]));
        leftovers.Retry(all: false, CancellationToken.None);
        Assert.Empty(Directory.GetFileSystemEntries(_folder["aside"]));
        Assert.Empty(leftovers.Left);
    }

    [Fact(Timeout = 60_000)]
    public void Files_and_links_in_the_place_of_the_agents_directories_give_way()
    {
        var directories = Directories(out var leftovers);
        File.WriteAllText(_folder["aside"], "");
        File.WriteAllText(_folder["tasks"], "");
        File.CreateSymbolicLink(_folder["failed"], "/nowhere");
        File.CreateSymbolicLink(_folder["spare"], _folder["spare"]);
        directories.Clean([]);
        Assert.All((string[])["tasks", "failed", "spare"], name => Assert.Empty(Directory.GetFileSystemEntries(_folder[name])));
        leftovers.Retry(all: true, CancellationToken.None);
        Assert.Empty(Directory.GetFileSystemEntries(_folder["aside"]));
    }

    [Fact(Timeout = 60_000)]
    public void What_cannot_be_removed_is_set_aside_and_named_until_it_can()
    {
        OtherAccount.Own(_folder.Path);
        var directories = Directories(out var leftovers);
        OtherAccount.Do(() =>
        {
            directories.Clean([]);
            Directory.CreateDirectory(_folder["tasks/3-1-stuck/output"]);
        });
        // As a container leaves it, whose user is root.
        Directory.CreateDirectory(_folder["tasks/3-1-stuck/output/made by root"]);
        File.WriteAllText(_folder["tasks/3-1-stuck/output/made by root/file"], "");
        OtherAccount.Do(() =>
        {
            directories.Delete(_folder["tasks/3-1-stuck"]);
            Assert.Empty(Directory.GetFileSystemEntries(_folder["tasks"]));
            var (path, problem) = Assert.Single(leftovers.Left);
            Assert.StartsWith(_folder["aside/3-1-stuck~"], path, StringComparison.Ordinal);
            Assert.Contains("'3-1-stuck/output/made by root/file' could not be removed: Permission denied", problem, StringComparison.Ordinal);
            Assert.Contains($"; 1 could not be removed, as {path}: ", directories.DeleteFailed(), StringComparison.Ordinal);

            // The next start knows it, too.
            Directories(out var next).Clean([]);
            next.Retry(all: false, CancellationToken.None);
            Assert.Equal(path, Assert.Single(next.Left).Path);
        });
        OtherAccount.Own(Assert.Single(Directory.GetDirectories(_folder["aside"])) + "/output/made by root");
        OtherAccount.Do(() => Assert.Equal("removed 0 directories, 0 B", directories.DeleteFailed()));
        Assert.Empty(Directory.GetFileSystemEntries(_folder["aside"]));
    }

    private WorkDirectories Directories(out Leftovers leftovers)
    {
        leftovers = new Leftovers(_folder.Path, new RuntimeSet(native: null, docker: null), TimeProvider.System, NullLogger<Leftovers>.Instance);
        return new WorkDirectories(_folder.Path, TimeSpan.FromDays(1), Ownership.Own, leftovers, TimeProvider.System, NullLogger<WorkDirectories>.Instance);
    }
}
