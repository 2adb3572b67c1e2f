import Testing

@testable import RolecallAPI

@Suite struct HTMLTextTests {
  @Test func textCannotBecomeMarkup() {
    #expect(HTMLText.escaped("<b>&amp;</b>") == "&lt;b&gt;&amp;amp;&lt;/b&gt;")
    #expect(HTMLText.page("<x>", "<p></p>").contains("<title>&lt;x&gt; - Rolecall</title>"))
  }

  @Test func commonMarkIsRead() {
    let text = """
      One `<a>`
      line

      ## Head `x`
      ```sh
      curl <url>

      done
      ```
      End
      """
    #expect(
      HTMLText.markup(commonMark: text) == """
        <p>One <code>&lt;a&gt;</code>
        line</p>
        <h3>Head <code>x</code></h3>
        <pre><code>curl &lt;url&gt;

        done</code></pre>
        <p>End</p>
        """)
  }
}
