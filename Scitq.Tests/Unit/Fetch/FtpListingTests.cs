using System.Globalization;
using Scitq.Fetch.Ftp;

namespace Scitq.Tests.Unit.Fetch;

[Trait("Level", "Unit")]
public sealed class FtpListingTests
{
    [Theory]
    [InlineData("-rw-r--r--   1 ftp      ftp      12345678 Nov 23 10:20 a b.txt", "a b.txt", "File", 12345678L)]
    [InlineData("drwxr-xr-x   2 0        0            4096 Jan 01  2024 dir", "dir", "Folder", 4096L)]
    [InlineData("drwxr-xr-x 2 ftp domain users 4096 Nov 27 06:45 sub dir", "sub dir", "Folder", 4096L)]
    [InlineData("-rw-r--r-- 1 ftp domain users 4 Nov 27 06:45 a b.txt", "a b.txt", "File", 4L)]
    [InlineData("-rw-r--r-- 1 1000 1000 1234567890123 Jan 01 2019 big.bam", "big.bam", "File", 1234567890123L)]
    [InlineData("-rw-rw-r--+ 1 ftp ftp 7 Feb 29 2024 acl.txt", "acl.txt", "File", 7L)]
    [InlineData("-rw-rw-r--. 1 owner group 5 2026-01-02 03:04 iso", "iso", "File", 5L)]
    [InlineData("-rw-r--r-- 1 root root 5 2026-01-02 03:04:05.123456789 +0200 full iso", "full iso", "File", 5L)]
    [InlineData("-rw-r--r-- 1 root root 5 11-27 06:45 short", "short", "File", 5L)]
    [InlineData("-rw-r--r-- 1 root root 5 2019-01-01  old", "old", "File", 5L)]
    [InlineData("-rw-r--r--  1 root  wheel  5 Nov 27 06:45:12 2026 bsd", "bsd", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 Nov 27 06:45 2026 report", "2026 report", "File", 5L)]
    [InlineData("lrwxrwxrwx   1 0        0              11 Mar 05  2020 link -> other/file", "link", "Link", 11L)]
    [InlineData("-rw-r--r-- 1 ftp 2048 Nov 27 06:45 no group", "no group", "File", 2048L)]
    [InlineData("-rw-r--r-- 1 ftp 20 2048 Nov 27 06:45 number", "number", "File", 2048L)]
    [InlineData("-rw-r--r-- 1 10 ftp 2048 Jan 01 2019 number", "number", "File", 2048L)]
    [InlineData("-rw-r--r-- 1 5 Nov 27 06:45 nobody", "nobody", "File", 5L)]
    [InlineData("drwxr-xr-x1234 ftp ftp 512 Nov 27 06:45 many", "many", "Folder", 512L)]
    [InlineData(" 131074 -rw-r--r-- 1 ftp ftp 5 Nov 27 06:45 inode", "inode", "File", 5L)]
    [InlineData("131074    8 -rw-r--r-- 1 ftp ftp 5 Nov 27 06:45 inode and blocks", "inode and blocks", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 Nov 27 06:45   leading blanks", "  leading blanks", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 Nov 27 06:45 trailing ", "trailing ", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 2026-01-02 03:04 of 7 Nov 27 06:45 x", "of 7 Nov 27 06:45 x", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 Nov 27 06:45 a\rb", "a\rb", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 27. Okt 06:45 deutsch", "deutsch", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 27 févr. 2019 français", "français", "File", 5L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 11月 27 06:45 日本", "日本", "File", 5L)]
    [InlineData("drwxr-xr-x 2 ftp ftp Nov 27 06:45 no size", "no size", "Folder", null)]
    [InlineData("drwxrwxr-x               folder        2 May 10  1996 network", "network", "Folder", 2L)]
    [InlineData("-------r--         326  1391972  1392298 Nov 22  1995 MegaPhone.sit", "MegaPhone.sit", "File", 1392298L)]
    [InlineData("brw-rw---- 1 root disk 8, 0 Nov 27 06:45 sda", "sda", "Other", 0L)]
    [InlineData("srwxr-xr-x 1 ftp ftp 0 Nov 27 06:45 socket", "socket", "Other", 0L)]
    [InlineData("-rw-r--r-- 1 ftp ftp 99999999999999999999 Nov 27 06:45 beyond", "beyond", "File", null)]
    [InlineData("d [R----F--] supervisor            512       Jan 16 18:53    login", "login", "Folder", 512L)]
    [InlineData("- [R----F--] rhesus             214059       Oct 20 15:27    cx.exe", "cx.exe", "File", 214059L)]
    [InlineData("11-27-26  06:45AM       <DIR>          sub", "sub", "Folder", null)]
    [InlineData("11-27-26  06:45AM       <DIR>            two blanks", "  two blanks", "Folder", null)]
    [InlineData("11-27-26  06:45AM                    3 a.txt", "a.txt", "File", 3L)]
    [InlineData("11-27-2026  18:45                  4 b c.txt", "b c.txt", "File", 4L)]
    [InlineData("2026-11-27  06:45 PM             1,234  blank", " blank", "File", 1234L)]
    [InlineData("27.11.2026  18:45    <JUNCTION>     j [C:\\x]", "j", "Link", null)]
    [InlineData("+i8388621.29609,m824255902,/,\tdev", "dev", "Folder", null)]
    [InlineData("+i8388621.44468,m839956783,r,s10376,\tRFC EPLF", "RFC EPLF", "File", 10376L)]
    public void Every_dialect_of_LIST_is_read(string line, string name, string kind, long? size)
    {
        Assert.True(FtpListing.TryList(line, out var item), line);
        Assert.Equal((name, kind, size), (item!.Name, item.Kind.ToString(), item.Size));
    }

    [Theory]
    [InlineData("")]
    [InlineData("total 12")]
    [InlineData("total 1.2M")]
    [InlineData("insgesamt 4")]
    [InlineData("drwxr-xr-x 2 ftp ftp 4096 Nov 27 06:45 .")]
    [InlineData("drwxr-xr-x 2 ftp ftp 4096 Nov 27 06:45 ..")]
    [InlineData("11-27-26  06:45AM       <DIR>          ..")]
    public void What_is_no_file_gives_none(string line)
    {
        Assert.True(FtpListing.TryList(line, out var item), line);
        Assert.Null(item);
    }

    [Theory]
    [InlineData("a.txt", null)]
    [InlineData("ls: sub: Permission denied", null)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 Nov 27 06:45", null)]
    [InlineData("-rw-r--r-- 1 ftp ftp 5 Nov 27 06:45 sub/a", null)]
    [InlineData("?????????? ? ? ? ? ? broken", null)]
    [InlineData("+i8388621.29609,m824255902,/", null)]
    [InlineData("Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname", "an MVS data set")]
    [InlineData("Directory DISK$USER:[FTP.PUB]", "a VMS directory")]
    [InlineData("README.TXT;1           2/3  27-NOV-2026 06:45 [SYSTEM] (RWED,RWED,RE,)", "a VMS directory")]
    [InlineData("QSYS            77824 02/23/00 15:09:55 *DIR       dir/", "an OS/400 library")]
    public void What_is_not_understood_is_no_file_without_a_word(string line, string? system)
    {
        Assert.False(FtpListing.TryList(line, out _), line);
        Assert.Equal(system, FtpListing.Foreign(line));
    }

    [Theory]
    [InlineData("type=file;size=5;modify=20260102030405; a b", "a b", "File", 5L)]
    [InlineData("Type=dir;Modify=20260102030405.123;Perm=el;  blank", " blank", "Folder", null)]
    [InlineData("modify=20260102030405;type=OS.unix=slink:/x;size=1; l", "l", "Link", 1L)]
    [InlineData("type=OS.unix=chr-1/3;size=0; null", "null", "Other", 0L)]
    public void Facts_are_read(string line, string name, string kind, long? size)
    {
        Assert.True(FtpListing.TryFacts(line, out var item));
        Assert.Equal((name, kind, size), (item!.Name, item.Kind.ToString(), item.Size));
    }

    [Theory]
    [InlineData("type=cdir; /pub", true)]
    [InlineData("type=pdir; ..", true)]
    [InlineData("type=dir; ..", true)]
    [InlineData("size=5; a", false)]
    [InlineData(" a", false)]
    [InlineData("type=file;size=5;", false)]
    [InlineData("type=file; ../a", false)]
    public void Facts_without_a_file_or_a_type_give_none(string line, bool understood)
    {
        Assert.Equal(understood, FtpListing.TryFacts(line, out var item));
        Assert.Null(item);
    }

    /// <summary>
    /// Whatever a server sends: in bounded time it is a name of one file, nothing, or not understood. What is printed like <c>ls</c> comes back.
    /// </summary>
    [Fact(Timeout = 60_000)]
    public async Task Random_lines_are_read_right_or_refused()
    {
        await Task.Yield();
        var random = new Random(20261127);
        string[] seeds = ["-rw-r--r-- 1 ftp ftp 5 Nov 27 06:45 x", "11-27-26  06:45AM       <DIR>          sub", "type=file;size=5;modify=20260102030405; a",
            "+i1,m1,r,s1,\tx", "- [R----F--] r 1 Oct 20 15:27  x", "total 1"];
        for (var i = 0; i < 40_000; i++)
        {
            var line = seeds[random.Next(seeds.Length)].ToCharArray().ToList();
            for (var changes = random.Next(6); changes >= 0; changes--)
            {
                var at = random.Next(line.Count + 1);
                if (random.Next(3) == 0 && at < line.Count) line.RemoveAt(at);
                else if (random.Next(4) == 0) line.InsertRange(at, line[..Math.Min(line.Count, 300)]);
                else line.Insert(at, (char)random.Next(1, random.Next(2) == 0 ? 128 : 0x3100));
            }

            var text = new string([.. line]);
            foreach (var item in (FtpItem?[])[FtpListing.TryList(text, out var listed) ? listed : null, FtpListing.TryFacts(text, out var told) ? told : null])
                Assert.True(item is null || (item.Name is not ("" or "." or "..") && !item.Name.Contains('/') && item.Size is not < 0), text);
            _ = FtpListing.Foreign(text);
        }

        string[] groups = ["ftp", "domain users", "100", "", "may 5", "1 2 3"];
        string[] dates = ["Nov 27 06:45", "Jan  1  2019", "2026-01-02 03:04", "Feb 29 2024"];
        for (var i = 0; i < 10_000; i++)
        {
            var name = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => (char)random.Next(' ', 127))).Replace('/', '_');
            if (name is "." or "..") continue;
            var size = random.NextInt64(long.MaxValue);
            var line = string.Create(CultureInfo.InvariantCulture,
                $"-rw-r--r-- {random.Next(1, 9)} u{random.Next(9)} {groups[random.Next(groups.Length)]} {size} {dates[random.Next(dates.Length)]} {name}");
            Assert.True(FtpListing.TryList(line, out var item), line);
            Assert.Equal((name, (long?)size), (item!.Name, item.Size));
        }
    }
}
