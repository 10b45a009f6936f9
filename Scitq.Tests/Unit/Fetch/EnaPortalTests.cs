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

    [Theory]
    [InlineData("[]"), InlineData("{}"), InlineData("<html>"), InlineData("[" + Bare + "]")]
    public void An_overloaded_portals_answers_are_empty(string answer) => Assert.Empty(EnaPortal.Read(Encoding.UTF8.GetBytes(answer), "fastq"));
}
