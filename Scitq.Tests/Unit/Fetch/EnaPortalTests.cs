using System.Text;
using Scitq.Fetch.Runs;

namespace Scitq.Tests.Unit.Fetch;

/// <summary>What ENA's answers say.</summary>
[Trait("Level", "Unit")]
public sealed class EnaPortalTests
{
    private const string Full = """{"run_accession":"SRR000001","fastq_ftp":"h/SRR000001.fastq.gz","fastq_bytes":"1","fastq_md5":"m","sra_ftp":""}""";
    private const string Bare = """{"run_accession":"SRR000002","fastq_ftp":"","fastq_bytes":"","fastq_md5":"","sra_ftp":""}""";

    [Fact]
    public void A_run_that_has_nothing_there_does_not_hide_the_others_of_its_study()
    {
        var runs = EnaPortal.Read(Encoding.UTF8.GetBytes($"[{Full},{Bare}]"), "fastq");
        Assert.Equal([("SRR000001", 1), ("SRR000002", 0)], runs.Select(r => (r.Accession, r.Files.Count)));
    }

    [Fact]
    public void A_name_with_a_semicolon_is_one_name()
    {
        const string Row =
            """
            {"run_accession":"ERR000001","submitted_ftp":"h/v/a;1.bam;h/v/b.bam;","submitted_bytes":"1;2;","submitted_md5":"m;n",
            "submitted_aspera":"h:/v/a;1.bam;h:/v/b.bam"}
            """;
        var files = Assert.Single(EnaPortal.Read(Encoding.UTF8.GetBytes($"[{Row}]"), "submitted")).Files;
        Assert.Equal([("a;1.bam", 1L, "/v/a;1.bam"), ("b.bam", 2L, "/v/b.bam")], files.Select(f => (f.Name, f.Size!.Value, f.Aspera!)));
    }

    [Theory]
    [InlineData("[]"), InlineData("{}"), InlineData("<html>"), InlineData("[" + Bare + "]")]
    public void An_overloaded_portals_answers_are_empty(string answer) => Assert.Empty(EnaPortal.Read(Encoding.UTF8.GetBytes(answer), "fastq"));
}
